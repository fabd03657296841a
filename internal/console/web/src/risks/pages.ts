/** numberOf reads the page that is wanted, which somebody may have typed. */
export function numberOf(text: string): number {
  return Math.min(20_000, Math.max(1, Math.trunc(Number(text)) || 1));
}
