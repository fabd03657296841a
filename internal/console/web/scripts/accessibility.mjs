// Writes what axe found on each page, from the lines that the browser tests leave
// in a file, as a page of the documentation:
//   node scripts/accessibility.mjs LINES PAGE
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [, , lines, page] = process.argv;
const { version } = createRequire(import.meta.url)("axe-core/package.json");
const impacts = ["critical", "serious", "moderate", "minor"];

// The same page is looked at several times: in other widths, and after other steps.
const pages = new Map();
for (const line of readFileSync(lines, "utf8").split("\n").filter(Boolean)) {
  const seen = JSON.parse(line);
  const p = pages.get(seen.page) ?? { passed: Infinity, found: new Map(), open: new Set(), views: new Map() };
  pages.set(seen.page, p);
  p.passed = Math.min(p.passed, seen.passed);
  for (const { id, impact } of seen.found) p.found.set(id, impact);
  for (const id of seen.open) p.open.add(id);
  p.views.set(seen.width, (p.views.get(seen.width) ?? new Set()).add(seen.scheme));
}

const list = (names) => [...names].sort().map((n) => "`" + n + "`").join(", ");
const views = (p) => [...p.views].sort(([a], [b]) => a - b).map(([width, schemes]) => `${width} ${[...schemes].sort().reverse().join("+")}`).join(", ");
const foundBy = (p, impact) => list([...p.found].filter(([, i]) => i === impact).map(([id]) => id));
const cell = (text) => (/[<>`|%]/.test(text) ? "`` " + text.replaceAll("|", "\\|") + " ``" : text);
const total = (impact) => [...pages.values()].reduce((n, p) => n + [...p.found.values()].filter((i) => i === impact).length, 0);

const text = `# Accessibility

What [axe](https://github.com/dequelabs/axe-core) ${version} finds on each page of the [console](console.md), as the
tests in the browser visit it, by the rules that are on by default, in Chromium. A finding that is
critical or serious fails the tests. \`scripts/console shots\` writes this page anew.

${pages.size} pages and states of pages: ${impacts.map((i) => `${total(i)} ${i}`).join(", ")} findings.

A program cannot see all. That the console is used by keyboard alone is a test of its
own; the order and the words that a screen reader speaks are looked at by people. What
axe leaves to them is in the last column.

Rules passed are the fewest of all visits; views are widths in pixels with the scheme of
colours.

| page | views | rules passed | ${impacts.join(" | ")} | for people to see |
| --- | --- | ---: | ${impacts.map(() => "---").join(" | ")} | --- |
${[...pages].map(([name, p]) => `| ${cell(name)} | ${views(p)} | ${p.passed} | ${impacts.map((i) => foundBy(p, i)).join(" | ")} | ${list(p.open)} |`).join("\n")}
`;
writeFileSync(page, text);
