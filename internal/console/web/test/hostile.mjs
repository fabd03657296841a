// An image that is hostile wherever it may say something, advisories, decisions and
// rules that are as well: nothing of it runs, and no page breaks.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { stage } from "./harness.mjs";
import { writeAdvisories, writeImage } from "./image.mjs";

// What would run if a page took text for markup.
const markup = '"><img src=x onerror=globalThis.ran=1></script><script>globalThis.ran=2</script><svg onload=globalThis.ran=3>';
const address = "javascript:globalThis.ran=4";
// What would move what stands beside it, or push it out of the page.
const turned = "\u202egnp.exe\u2066";
const long = "x".repeat(10_000);
const controls = "\u0001\u0007\u001b[31mred\u009b2J\u2028\u0000";
const everything = [markup, address, turned, controls].join(" ");
/** As a name that may not hold a slash or a zero byte. */
const name = (text) => text.replaceAll("/", "|").replaceAll("\u0000", "");

const advisories = mkdtempSync(join(tmpdir(), "pratique-hostile-"));
after(() => rmSync(advisories, { recursive: true, force: true }));
const advisory = (id, affected) => ({
  id, modified: "2026-03-01T00:00:00Z", published: "2026-03-01T00:00:00Z", aliases: ["CVE-2026-66601", `CVE-${markup}`], summary: everything,
  details: `${everything} [link](${address})\n\n${long}\n\n<iframe src="${address}">`, severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
  references: [{ type: "WEB", url: address }, { type: "WEB", url: `https://example.com/${markup}` }, { type: "WEB", url: "https://example.com/" + long }, { type: "WEB", url: "data:text/html," + markup }],
  affected,
});
writeAdvisories(advisories, "npm", [
  advisory("GHSA-hhhh-hhhh-hhhh", [{ package: { ecosystem: "npm", name: "left" }, ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "99.0.0" }] }] }]),
  advisory("GHSA-nnnn-nnnn-nnnn", [{ package: { ecosystem: "npm", name: markup }, ranges: [{ type: "SEMVER", events: [{ introduced: "0" }] }] }]),
]);

const it = stage({ advisories });
const { step } = it;

const modules = (dir, json) => ({ path: `srv/${name(dir)}/node_modules/x/package.json`, content: JSON.stringify(json) });
const secret = "postgres://admin:kW7zQ2mT9xLr@db/a\n";
const image = {
  layers: [
    [
      { path: "etc/os-release", content: `PRETTY_NAME="Debian ${everything.replaceAll('"', "'")}"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n` },
      { path: "etc/debian_version", content: "12.0\n" },
      { path: "var/lib/dpkg/status", content: [markup, turned, "y".repeat(2_000)].map((t) => `Package: ${name(t)}\nStatus: install ok installed\nMaintainer: ${markup}\nArchitecture: amd64\nVersion: 1.0-1\nDescription: ${markup}\n ${everything}\n`).join("\n") },
      ...[markup, turned, controls, "z".repeat(200)].flatMap((t) => [
        { path: `usr/bin/${name(t)}`, content: t, mode: 0o4755 },
        { path: `srv/${name(t)}.env`, content: secret },
      ]),
      { path: `srv/${"deep/".repeat(60)}${"w".repeat(200)}`, content: secret, mode: 0o2755 },
      modules(markup, { name: "left", version: "1.0.0", license: markup, author: everything, description: everything }),
      modules(turned, { name: markup, version: `1.0.0-${markup}`, license: turned }),
      modules("plain", { name: turned + "left", version: "1.0.0", licenses: [{ type: long }] }),
      modules("long", { name: long, version: long }),
    ],
    [{ path: `srv/${name(markup)}.env`, content: "gone\n" }],
  ],
  config: {
    User: everything, WorkingDir: "/" + everything, Entrypoint: [everything, long], Cmd: [markup], Env: [`HOSTILE=${everything}`, `LONG=${long}`, `${markup}=1`, "PASSWORD=kW7zQ2mT9xLr" + markup],
    Labels: { "org.opencontainers.image.title": everything, "org.opencontainers.image.url": address, [markup]: long, [turned]: "after" }, ExposedPorts: { [markup]: {} }, Volumes: { [everything]: {} },
  },
  history: [{ created_by: `RUN ${everything}`, comment: markup }, { created_by: `COPY ${long}`, author: markup }],
  annotations: { "org.opencontainers.image.description": everything, "org.opencontainers.image.base.name": markup, [markup]: address },
};

const tag = "t".repeat(128);
// Clients count the host in, and end at 255.
const repository = Array(4).fill("r".repeat(54)).join("/");
const path = `/repositories/team/${repository}`;
const artifact = `/namespaces/team/repositories/${repository.replaceAll("/", "%2F")}/artifacts/${tag}`;

// What is wrong is told together at the end of a step, for all pages.
let problems = [];
function sound() {
  const found = problems;
  problems = [];
  assert.deepEqual(found, []);
}

/**
 * Notes if something of the texts got anywhere as more than text: it ran, is an
 * element or an attribute that acts, leads elsewhere, or turns what is beside it.
 */
async function harmless(what) {
  const complaint = await it.browser.check(it.page, what, { listed: false }).then(() => [], (error) => [error.message]);
  const found = await it.page.evaluate(() => {
    const found = globalThis.ran === undefined ? [] : ["ran: " + globalThis.ran];
    for (const e of document.body.querySelectorAll("*")) {
      if (["IMG", "IFRAME", "OBJECT", "EMBED", "BASE", "META"].includes(e.tagName)) found.push("element " + e.outerHTML.slice(0, 200));
      for (const a of e.attributes) if (a.name.startsWith("on")) found.push(`attribute ${a.name} of ${e.outerHTML.slice(0, 200)}`);
      if (e.href !== undefined && typeof e.href === "string" && !/^https?:$/.test(e.protocol)) found.push("link " + e.href.slice(0, 200));
    }
    // A text that turns the direction must stand in a box of its own.
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (!/[\u202a-\u202e\u2066-\u2069]/.test(text.data) || text.parentElement.closest("textarea, option, title") || !text.parentElement.checkVisibility()) continue;
      let box = text.parentElement;
      while (getComputedStyle(box).display === "inline" && !/isolate|plaintext/.test(getComputedStyle(box).unicodeBidi)) box = box.parentElement;
      if (box.textContent !== text.data) found.push(`turns what is beside it: ${JSON.stringify(text.data.slice(0, 80))} in ${JSON.stringify(box.textContent.slice(0, 160))}`);
    }
    return [...new Set(found)];
  });
  for (const problem of [...complaint, ...found]) problems.push(`${what}: ${problem}`);
}

async function visit(address, says) {
  await it.browser.go(it.page, address);
  await it.page.locator("main").getByText(says).filter({ visible: true }).first().waitFor({ timeout: 10_000 }).catch(() => problems.push(`${address.slice(0, 100)}: it does not say ${says}`));
  await harmless(address.slice(0, 100));
}

step("names that would be something else are refused, and it is said why", async ({ server, browser }) => {
  it.page = await browser.page({ width: 1366 });
  await server.api("POST", "/namespaces", { name: "team" });
  await server.api("PATCH", "/namespaces/team", { autoScan: true, preventVul: true, severity: "high" });
  for (const bad of [markup, "..", "Team", "a%2fb", "a/b", turned, "x".repeat(300)]) {
    await assert.rejects(server.api("POST", "/namespaces", { name: bad }), /: (400|422) .*"advice"/, `namespace ${bad}`);
    await assert.rejects(server.api("POST", "/accounts", { name: bad === "Team" ? " " : bad, oneTimePassword: true }), /: (400|422) .*"advice"/, `account ${bad}`);
  }
  await assert.rejects(server.api("POST", "/groups", { name: markup }), /: (400|422) .*"advice"/);
});

step("an image that is hostile everywhere is pushed, scanned and decided about", async ({ server, browser, page }) => {
  const dir = join(server.dir, "hostile");
  writeImage(dir, image);
  await server.api("PUT", "/namespaces/team/rules/software.yaml", { content: `rules:\n  - {id: hostile, category: banned, title: ${JSON.stringify(name(markup))}, packages: ["npm:left"], severity: high, reason: ${JSON.stringify(markup)}, remedy: ${JSON.stringify(markup)}}\ncategories:\n  banned: {title: ${JSON.stringify(markup)}, severity: high, reason: ${JSON.stringify(markup)}, remedy: x}\n` });
  await server.push(dir, `team/${repository}:${tag}`);
  await browser.signIn(page, path);
  await page.getByText("Blocked").first().waitFor();
  const { items } = await server.api("GET", artifact + "/vulnerabilities");
  assert.ok(items.length >= 2, "too few vulnerabilities were found");
  for (const [i, v] of items.entries()) await server.api("POST", "/exceptions", { scope: "namespace", targets: [{ namespace: "team" }], action: "ignore", vulnerability: v.id, package: v.package, reason: markup + turned + "r".repeat(300) });
  const findings = await server.api("GET", artifact + "/findings");
  await server.api("POST", "/exceptions", { scope: "namespace", targets: [{ namespace: "team" }], action: "ignore", findingId: findings.items[0].findingId, reason: "r".repeat(400) });
  const who = "n".repeat(128);
  await server.api("POST", "/accounts", { name: who, oneTimePassword: true });
  await server.api("POST", "/groups", { name: "g" + who.slice(1) });
  await server.api("PUT", `/groups/g${who.slice(1)}/members/${who}`);
  await server.api("PUT", `/namespaces/team/roles/accounts/${who}`, { role: "reader" });
  await server.api("POST", "/credentials", { name: markup.slice(0, 60) + turned, kind: "temporary" });
});

step("every page that shows it is harmless", async ({ server, browser, page }) => {
  await visit("/", "Images now");
  await visit("/repositories/team", "rrr");
  await visit(path, "ttt");
  const report = `${path}:${tag}`;
  for (const tab of ["system", "application", "malware", "settings", "passwords", "sensitive", "compliance", "base", "software", "files", "layers", "configuration", "decisions", "history"]) {
    await browser.go(page, `${report}?tab=${tab}`);
    await page.locator("main table, main .state, main dl, main .layers").first().waitFor();
    const rows = page.locator("main tr.plain button.expander[aria-expanded]");
    for (let i = 0; i < Math.min(await rows.count(), 2); i++) {
      await rows.nth(i).click();
      await harmless(`report, ${tab}, row ${i}`);
      await rows.nth(i).click();
    }
    await harmless(`report, ${tab}`);
  }
  await browser.go(page, `${report}?tab=sensitive`);
  await page.getByRole("button", { name: /What to do about/ }).first().click();
  await page.getByRole("menuitem", { name: "Whitelist…" }).click();
  await harmless("the dialog of a decision");
  await page.keyboard.press("Escape");
  for (const [address, says] of [
    ["/risks", "CVE"], ["/risks/sensitive", "PostgreSQL"], ["/risks/compliance", "img"], ["/risks/vulnerability/CVE-2026-66601", "left"], ["/risks/package?name=left", "team"],
    ["/risks/rule?category=software-compliance&rule=hostile", "team"], ["/namespaces/team?tab=rules", "software.yaml"], ["/namespaces/team?tab=members", "nnn"],
    ["/access/accounts", "nnn"], ["/access/groups", "nnn"], ["/access/roles", "In this instance"], ["/access/credentials", "img"], ["/access/audit", "createAccount"], ["/account", "admin"], ["/administration/events", "scan done"],
  ]) {
    await visit(address, says);
  }
  sound();
});

step("at 360 pixels as well", async ({ server, browser }) => {
  const before = it.page;
  it.page = await browser.page({ width: 360, height: 740 });
  await browser.signIn(it.page, path);
  for (const [address, says] of [
    [path, "ttt"], [`${path}:${tag}?tab=application`, "left"], [`${path}:${tag}?tab=sensitive`, "PostgreSQL"], [`${path}:${tag}?tab=software`, "deb"], [`${path}:${tag}?tab=files`, "setuid"],
    [`${path}:${tag}?tab=configuration`, "HOSTILE"], [`${path}:${tag}?tab=layers`, "RUN"], [`${path}:${tag}?tab=decisions`, "admin"], ["/access/accounts", "nnn"], ["/access/groups", "nnn"], ["/risks/compliance", "img"],
  ]) {
    await visit(address, says);
  }
  await it.page.context().close();
  it.page = before;
  sound();
});
