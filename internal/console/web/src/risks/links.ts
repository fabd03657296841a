// Addresses of the pages about what is wrong across images.

export const risksRoot = "/risks";

/** vulnerabilityLink is the address of a vulnerability's page. */
export function vulnerabilityLink(id: string): string {
  return `${risksRoot}/vulnerability/${encodeURIComponent(id)}`;
}

/** ruleLink is the address of a rule's page. */
export function ruleLink(category: string, rule: string): string {
  return `${risksRoot}/rule?${new URLSearchParams({ category, rule })}`;
}

/** packageLink is the address of a package's page. */
export function packageLink(name: string, type: string): string {
  return `${risksRoot}/package?${new URLSearchParams({ name, type })}`;
}
