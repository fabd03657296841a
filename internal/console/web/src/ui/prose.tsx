/** Sentences of the server, in which `code` stands between backticks. */
export function Prose({ text }: { text: string }) {
  const parts = text.split("`");
  if (parts.length % 2 === 0) return <div className="text">{text}</div>; // an odd one is no pair
  return <div className="text">{parts.map((p, i) => (i % 2 === 1 ? <code key={i}>{p}</code> : p))}</div>;
}
