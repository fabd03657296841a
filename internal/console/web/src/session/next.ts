/** Where to go afterwards: on this server only, whatever the address says. */
export function nextOf(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  return /^\/(?!\/)[^\\\t\r\n]*$/.test(next) ? next : "/";
}
