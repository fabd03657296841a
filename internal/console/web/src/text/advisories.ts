// What the advisory database holds beside advisories, in words.
const beside: Record<string, string> = {
  eol: "End-of-life dates",
  epss: "Likelihood of exploitation (EPSS)",
  kev: "Known to be exploited (KEV)",
  ratings: "Ratings by distributions",
};

/** isEcosystem tells advisories from what is kept beside them. */
export function isEcosystem(name: string): boolean {
  return !(name in beside);
}

/** knowledgeName puts the name of a part of the database into words. */
export function knowledgeName(name: string): string {
  return beside[name] ?? name;
}
