// The console in a real browser, against the real server with a real image.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Browser, Server, skipping } from "./harness.mjs";

const skip = skipping();

let server, browser, page;
before(async () => {
  if (skip) return;
  server = await Server.start();
  browser = await Browser.start(server);
});
after(async () => {
  await browser?.end();
  await server?.end();
});

// Each step goes on where the one before it ended.
let broken = false;

/** A step fails also for what the page complained about while it ran. */
const step = (name, f) =>
  test(name, { skip, timeout: 180_000 }, async (t) => {
    if (broken) throw new Error("a step before this one failed");
    browser.complaints = [];
    try {
      await f(t);
      assert.deepEqual(browser.complaints, []);
    } catch (error) {
      broken = true;
      if (process.env.ON_FAILURE) await page.screenshot({ path: process.env.ON_FAILURE + name.replace(/\W+/g, "-") + ".png" });
      throw error;
    }
  });

/** What is said of a scan that has not ended. */
const underWay = /being scanned|waits/i;

/** The most script, compressed, that the first view may need. */
const budget = 250_000;

step("signing in", async () => {
  page = await browser.page();
  const scripts = [];
  page.on("response", (r) => {
    if (/\.js$/.test(r.url())) scripts.push(r.body().then((b) => gzipSync(b).length));
  });
  await page.goto(server.url + "/repositories");
  await page.getByRole("heading", { name: "Sign in to Pratique" }).waitFor();
  await browser.check(page, "sign-in");
  await browser.shot(page, "sign-in");
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("Name or password is wrong.").waitFor();
  await browser.check(page, "sign-in refused");
  await page.getByLabel("Password", { exact: true }).fill(server.password);
  await page.keyboard.press("Enter");
  await page.getByText("There is no namespace yet").waitFor();
  await browser.check(page, "no repositories");
  // Where the server has an OpenID provider, the way there leads back here.
  const elsewhere = await browser.page();
  await elsewhere.route("**/api/v1/info", async (route) => route.fulfill({ json: { ...(await (await route.fetch()).json()), openIDSignIn: "/auth/oidc/login" } }));
  await elsewhere.goto(server.url + "/namespaces?q=a&x=b");
  const provider = elsewhere.getByRole("link", { name: "Sign in with your organisation" });
  await provider.waitFor();
  assert.equal(await provider.getAttribute("href"), "/auth/oidc/login?next=" + encodeURIComponent("/namespaces?q=a&x=b"));
  await browser.check(elsewhere, "sign-in with a provider");
  await browser.shot(elsewhere, "sign-in-provider");
  await elsewhere.context().close();
  const script = (await Promise.all(scripts)).reduce((a, b) => a + b, 0);
  assert.ok(script > 0 && script < budget, `the first view loads ${script} bytes of script, compressed`);
  console.log(`# first view: ${script} bytes of script, compressed`);
});

step("a session lasts over reloads, and is ended", async () => {
  // The sign-in must not be seen while the server is asked who is there.
  await page.addInitScript(() => {
    globalThis.seen = [];
    new MutationObserver(() => globalThis.seen.push(document.querySelector("h1")?.textContent)).observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  await page.getByText("There is no namespace yet").waitFor();
  assert.ok(!(await page.evaluate(() => globalThis.seen)).includes("Sign in to Pratique"));
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.path], ["pratique-session", true, "/"]);
  // It is ended elsewhere: the page asks who is there and goes on where it was.
  await browser.go(page, "/namespaces?q=x");
  await server.api("POST", "/accounts/admin/password", { password: server.password });
  await page.evaluate(() => history.pushState(null, "", "/repositories?q=y"));
  await page.getByText("You were signed out").waitFor();
  await browser.check(page, "signed out");
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(server.password);
  await page.keyboard.press("Enter");
  await page.getByText("No repository has this name").or(page.getByRole("table", { name: "Repositories" })).waitFor();
  assert.match(page.url(), /repositories\?q=y/);
  // Another page of the browser shares the session, and its end.
  const other = await page.context().newPage();
  await other.goto(server.url + "/namespaces");
  await other.getByRole("button", { name: "Account admin" }).click();
  await other.getByRole("menuitem", { name: "Sign out" }).click();
  await other.getByRole("heading", { name: "Sign in to Pratique" }).waitFor();
  await page.getByRole("heading", { name: "Sign in to Pratique" }).waitFor();
  await other.close();
  await browser.signIn(page, "/repositories");
});

step("a one-time password chooses another, and nothing else", async () => {
  const made = await server.api("POST", "/accounts", { name: "newcomer", oneTimePassword: true });
  const p = await browser.page();
  await p.goto(server.url + "/repositories");
  await p.getByLabel("Name").fill("newcomer");
  await p.getByLabel("Password", { exact: true }).fill(made.password);
  await p.keyboard.press("Enter");
  await p.getByRole("heading", { name: "Choose a password" }).waitFor();
  await browser.check(p, "choose a password");
  await browser.shot(p, "choose-password");
  await p.reload();
  await p.getByLabel("One-time password").fill("not this one");
  await p.getByLabel("New password", { exact: true }).fill("correct horse battery");
  await p.getByLabel("New password again").fill("correct horse");
  await p.getByText("This is another one").waitFor();
  assert.ok(await p.getByRole("button", { name: "Change the password" }).isDisabled());
  await p.getByLabel("New password again").fill("correct horse battery");
  await p.getByRole("button", { name: "Change the password" }).click();
  await p.getByRole("alert").waitFor();
  await browser.check(p, "choose a password, refused");
  await p.getByLabel("One-time password").fill(made.password);
  await p.getByRole("button", { name: "Change the password" }).click();
  await p.getByText("There is nothing here that you may see").waitFor();
  await p.context().close();
});

step("the first visit, from an empty registry to a refused pull", async () => {
  await page.getByRole("link", { name: "Pratique" }).click();
  await page.getByRole("heading", { name: "Push a first image" }).waitFor();
  await browser.check(page, "first visit");
  await browser.shot(page, "first-visit-empty");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: "Namespace team" }).waitFor();
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.getByText("Waiting for the image").waitFor();
  assert.match(await page.locator(".command").nth(1).innerText(), new RegExp(`docker push ${server.host}/team/app:1`));
  await page.getByText("skopeo", { exact: true }).click();
  assert.match(await page.locator(".command").nth(1).innerText(), /skopeo copy --dest-tls-verify=false/);
  // The page goes on by itself.
  await server.push("debian12-java", "team/app:1");
  await page.getByText("arrived").waitFor();
  await page.getByText(/It is blocked/).waitFor({ timeout: 40_000 });
  const refusal = await server.pull("team/app:1");
  assert.match(refusal, /vulnerabilit/);
  await page.getByText("The pull was refused").waitFor();
  await browser.check(page, "first visit done");
  await browser.shot(page, "first-visit");
  await page.getByRole("link", { name: "Open the report" }).click();
  await page.getByRole("heading", { name: "team/app:1" }).waitFor();
});

step("the report: sections, filters, links", async () => {
  await page.getByText(/^Blocked: \d+ vulnerabilities/).waitFor();
  await page.getByRole("table", { name: "System vulnerabilities" }).waitFor();
  await browser.check(page, "report");
  await browser.shot(page, "report");
  const sections = page.getByRole("navigation", { name: "Parts of the report" }).getByRole("link");
  for (let i = 0; i < (await sections.count()); i++) {
    const name = (await sections.nth(i).innerText()).replace(/\s*[\d,]+$/, "").trim();
    await sections.nth(i).click();
    await browser.check(page, "report, " + name);
    const key = new URL(page.url()).searchParams.get("tab");
    if (["layers", "software", "settings", "files", "configuration"].includes(key)) await browser.shot(page, "report-" + key);
  }
  await browser.go(page, "/repositories/team/app:1?tab=system");
  await page.getByLabel("Search").fill("tomcat");
  await page.waitForURL(/q=tomcat/);
  await page.getByLabel("Severity").first().selectOption("critical");
  await page.waitForURL(/severity=critical/);
  await page.getByText(/of \d+ selected/).waitFor();
  await browser.settle(page);
  const rows = page.getByRole("table").getByRole("row");
  for (const text of (await rows.allInnerTexts()).slice(1)) assert.match(text, /critical/);
  // The link is the selection.
  const link = page.url().slice(server.url.length);
  const first = await rows.nth(1).innerText();
  await rows.nth(1).getByRole("button", { expanded: false }).first().click();
  await page.getByRole("heading", { name: "What to do" }).waitFor();
  await browser.check(page, "report, a finding");
  await browser.shot(page, "report-finding");
  const other = await browser.page();
  await browser.signIn(other, link);
  await other.getByText(/of \d+ selected/).waitFor();
  await browser.settle(other);
  assert.equal(await other.getByRole("table").getByRole("row").nth(1).innerText(), first);
  await other.context().close();
  await page.getByLabel("Search").fill("there is no such thing");
  await page.getByText("Nothing fits this selection").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
});

step("handling: ignored, taken back, whitelisted", async () => {
  await browser.go(page, "/repositories/team/app:1?tab=system&q=tomcat10-admin");
  await page.getByRole("button", { name: /What to do about/ }).first().click();
  await page.getByRole("menuitem", { name: "Ignore…" }).click();
  await page.getByLabel("Reason").fill("read and understood");
  await browser.check(page, "handling");
  await browser.shot(page, "handling");
  await page.getByRole("button", { name: "Ignore", exact: true }).click();
  await page.getByText("ignored by admin").first().waitFor();
  await page.getByText("1 finding ignored").waitFor();
  await page.getByRole("button", { name: /What to do about/ }).first().click();
  await page.getByRole("menuitem", { name: "No longer ignore it" }).click();
  await page.getByText("ignored by admin").first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: /What to do about/ }).first().click();
  await page.getByRole("menuitem", { name: "Whitelist…" }).click();
  await page.getByLabel("Reason").fill("not reachable");
  await page.getByRole("button", { name: "Whitelist", exact: true }).click();
  await page.getByText("1 finding whitelisted").waitFor();
  await page.getByRole("link", { name: "See the decisions" }).click();
  await page.getByRole("table", { name: "Decisions" }).getByText("not reachable").waitFor();
  await page.getByRole("table", { name: "Decisions" }).getByText(/^CVE-.*, package tomcat10-admin, one finding$/).waitFor();
  await browser.check(page, "decisions");
  await browser.shot(page, "report-decisions");
});

step("the verdict turns while the report is open", async () => {
  const { total } = await server.api("GET", "/namespaces/team/repositories/app/artifacts/1/vulnerabilities?severity=high&limit=1");
  const all = await server.api("GET", "/namespaces/team/repositories/app/artifacts/1/vulnerabilities?severity=high&limit=1000");
  assert.ok(total > 0);
  const ids = [...new Set(all.items.map((v) => v.id))];
  await server.api("PATCH", "/namespaces/team", { allowlist: { items: ids.map((cveId) => ({ cveId })) } });
  await page.getByText(/^Allowed:/).waitFor();
  await server.api("PATCH", "/namespaces/team", { allowlist: { items: [] } });
  await page.getByText(/^Blocked:/).waitFor();
});

step("scan in the row: the report opens by itself", async () => {
  await server.push("debian12-minbase", "team/base:12");
  await browser.go(page, "/repositories/team");
  await page.getByRole("table").getByRole("link", { name: "base" }).waitFor();
  await browser.check(page, "repositories");
  await browser.shot(page, "repositories");
  await browser.go(page, "/repositories/team/app");
  await page.getByRole("table", { name: "Images of team/app" }).waitFor();
  await browser.check(page, "images");
  await browser.shot(page, "images");
  await page.getByRole("button", { name: "Scan again 1" }).click();
  await page.getByRole("heading", { name: "team/app:1" }).waitFor({ timeout: 40_000 });
  await browser.go(page, "/repositories/team/app");
  await page.getByLabel("Select 1").check();
  await page.getByRole("button", { name: "Scan selected" }).click();
  await page.getByText("1 scan asked for").waitFor();
});

step("a lost connection catches up", async () => {
  await browser.go(page, "/repositories/team/late");
  await page.getByText("There is no repository team/late").waitFor();
  await browser.check(page, "repository that is not there");
  await browser.go(page, "/repositories/team");
  await page.getByRole("table").getByRole("link", { name: "base" }).waitFor();
  await server.down();
  await page.getByText("The connection to the server is lost").waitFor();
  await browser.check(page, "connection lost");
  await server.up(server.host);
  await server.push("debian12-minbase", "team/late:1");
  await page.getByText("The connection to the server is lost").waitFor({ state: "detached", timeout: 60_000 });
  await page.getByRole("table").getByRole("link", { name: "late" }).waitFor();
});

step("a connection lost in the middle of a scan catches up", async () => {
  const p = await browser.page();
  const way = await server.way();
  await browser.signIn(p, "/repositories/team/middle", "admin", server.password, way.url);
  await p.getByText("There is no repository team/middle").waitFor();
  await p.evaluate(() => (globalThis.notReloaded = true));
  // The server is killed while it scans, and goes on with that scan when it is back.
  await server.push("debian12-node", "team/middle:1");
  const images = p.getByRole("table", { name: "Images of team/middle" });
  await images.getByText(underWay).first().waitFor();
  await server.down("SIGKILL");
  await p.getByText("The connection to the server is lost").waitFor();
  assert.match(await images.innerText(), underWay);
  await server.up(server.host);
  await p.getByText("The connection to the server is lost").waitFor({ state: "detached", timeout: 60_000 });
  await images.getByText(/Allowed|Blocked/).waitFor({ timeout: 60_000 });
  const scans = () => server.api("GET", "/namespaces/team/repositories/middle/artifacts/1/scans");
  assert.deepEqual((await scans()).items.map((s) => s.state), ["Success"]);
  // Only the way to the server is cut: what began and ended meanwhile is told after.
  way.cut();
  await p.getByText("The connection to the server is lost").waitFor();
  await server.api("POST", "/namespaces/team/repositories/middle/artifacts/1/scan");
  while ((await scans()).items.some((s) => s.state !== "Success")) await p.waitForTimeout(100);
  await server.push("debian12-minbase", "team/middle:2");
  assert.equal(await images.getByRole("row").count(), 2);
  way.mend();
  await p.getByText("The connection to the server is lost").waitFor({ state: "detached", timeout: 60_000 });
  await images.getByRole("row").nth(2).waitFor();
  await images.getByText(underWay).first().waitFor({ state: "detached", timeout: 60_000 });
  assert.ok(await p.evaluate(() => globalThis.notReloaded));
  await p.context().close();
  way.end();
});

step("namespaces: created with name and visibility, modified afterwards", async () => {
  await browser.go(page, "/namespaces");
  await page.getByRole("table", { name: "Namespaces" }).waitFor();
  await browser.check(page, "namespaces");
  await browser.shot(page, "namespaces");
  await page.getByRole("button", { name: "Create a namespace" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Not A Name");
  assert.equal(await dialog.getByRole("switch").count(), 0);
  await browser.check(page, "create a namespace");
  await browser.shot(page, "namespace-create");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Name").fill("shop");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("heading", { name: "shop", exact: true }).waitFor();
  await page.getByRole("switch", { name: "Scan images when they are pushed" }).setChecked(true, { force: true });
  await page.getByRole("switch", { name: "Refuse pulls of vulnerable images" }).setChecked(true, { force: true });
  await page.getByLabel("Severities that count").selectOption("critical");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The settings are saved").waitFor();
  const saved = await server.api("GET", "/namespaces/shop");
  assert.deepEqual([saved.autoScan, saved.preventVul, saved.severity], [true, true, "critical"]);
  await browser.check(page, "namespace");
});

step("two people edit the same settings: the second is told", async () => {
  await page.getByLabel("Severities that count").selectOption("low");
  await server.api("PATCH", "/namespaces/shop", { gate: { graceDays: 7 } });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Somebody else changed this namespace").waitFor();
  await browser.check(page, "overtaken");
  await page.getByRole("button", { name: "Load what it says now" }).click();
  assert.equal(await page.getByLabel("Grace, in days").inputValue(), "7");
});

step("what a policy would have blocked, the allowlist, rules", async () => {
  await browser.go(page, "/namespaces/team");
  await page.getByLabel("Severities that count").selectOption("none");
  await page.getByRole("button", { name: "Show it" }).click();
  await page.getByText(/of \d+ pulls?, since/).waitFor();
  await browser.check(page, "preview");
  await page.getByText("What would this have blocked?").scrollIntoViewIfNeeded();
  await browser.shot(page, "namespace-preview");
  await page.evaluate(() => window.scrollTo(0, 0));
  await browser.shot(page, "namespace");
  await page.getByRole("link", { name: "Allowlist" }).click();
  await page.getByLabel("Ids").fill("CVE-2024-3094, CVE-2021-44228");
  await page.getByLabel("The whole list holds").selectOption("30");
  await page.getByRole("button", { name: "Save the list" }).click();
  await page.getByRole("list", { name: "Ids on the allowlist" }).getByText("CVE-2021-44228").waitFor();
  await browser.check(page, "allowlist");
  await browser.shot(page, "allowlist");
  await page.getByRole("button", { name: "Remove CVE-2024-3094" }).click();
  await page.getByText("CVE-2024-3094 was removed").waitFor();
  await page.getByRole("link", { name: "Rules" }).click();
  await page.getByRole("button", { name: "Add a file" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("excluded-paths.txt");
  await page.getByLabel("Content").fill("/srv/test/\n");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("table", { name: "Files of rules" }).getByText("excluded-paths.txt").waitFor();
  await browser.check(page, "rules");
});

step("what a role forbids is not offered, and says why", async () => {
  await server.api("POST", "/accounts", { name: "ann", password: "a password of ann" });
  await server.api("PUT", "/namespaces/team/roles/accounts/ann", { role: "reader" });
  const p = await browser.page();
  await browser.signIn(p, "/repositories/team/app", "ann", "a password of ann");
  await p.getByRole("table", { name: "Images of team/app" }).waitFor();
  await p.getByText("As reader you may not have images scanned here; a writer or maintainer of team may.").waitFor();
  assert.ok(await p.getByRole("button", { name: "Scan again 1" }).isDisabled());
  assert.equal(await p.getByRole("link", { name: "Access" }).count(), 0);
  await browser.check(p, "images, for a reader");
  await browser.go(p, "/repositories/team/app:1?tab=system");
  await p.getByRole("table", { name: "System vulnerabilities" }).waitFor();
  assert.ok(await p.getByRole("button", { name: "Scan again" }).isDisabled());
  await p.getByText("As reader you may not decide about findings here").waitFor();
  assert.ok(await p.getByRole("button", { name: /What to do about/ }).first().isDisabled());
  await browser.check(p, "the report, for a reader");
  await browser.go(p, "/namespaces");
  await p.getByRole("table", { name: "Namespaces" }).getByText("team").waitFor();
  assert.equal(await p.getByRole("table", { name: "Namespaces" }).getByText("shop").count(), 0);
  assert.ok(await p.getByRole("button", { name: "Create a namespace" }).isDisabled());
  for (const tab of ["settings", "allowlist", "rules", "members"]) {
    await browser.go(p, "/namespaces/team?tab=" + tab);
    await p.getByText("As reader you may not change settings").first().waitFor();
    await browser.check(p, `namespace, ${tab}, for a reader`);
  }
  await browser.shot(p, "reader-namespace");
  await browser.go(p, "/access");
  await p.getByText("may not read what concerns everybody").waitFor();
  await browser.go(p, "/");
  await p.getByRole("heading", { name: "Overview" }).waitFor();
  await browser.check(p, "overview, for a reader");
  await browser.go(p, "/administration");
  await p.getByText("Your account may not change this here; an administrator may.").waitFor();
  await browser.check(p, "administration, for a reader");
  // A role counts from the next request on, and the server has the last word.
  await browser.go(p, "/namespaces/shop");
  await p.getByText("Not found").first().waitFor();
  await p.context().close();
});

step("members of a namespace", async () => {
  await browser.go(page, "/namespaces/team?tab=members");
  const table = page.getByRole("table", { name: "Members" });
  await table.getByText("reader").waitFor();
  await page.getByLabel("Name", { exact: true }).fill("ann");
  await page.getByLabel("Role", { exact: true }).selectOption("writer");
  await page.getByRole("button", { name: "Give the role" }).click();
  await table.getByText("writer").waitFor();
  await browser.check(page, "members");
  await browser.shot(page, "members");
  await page.getByLabel("Name", { exact: true }).fill("nobody-here");
  await page.getByRole("button", { name: "Give the role" }).click();
  await page.locator(".notice").getByText(/nobody-here/).waitFor();
  await page.getByRole("button", { name: "Take away the role of ann" }).click();
  await page.getByText("Nobody has a role here").waitFor();
});

step("accounts, groups, roles, credentials, the audit log", async () => {
  await page.getByRole("link", { name: "Access" }).click();
  const accounts = page.getByRole("table", { name: "Accounts" });
  await accounts.getByText("ann").first().waitFor();
  await browser.check(page, "accounts");
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("bob");
  await browser.check(page, "create an account");
  await page.getByRole("dialog").getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("The one-time password of bob").waitFor();
  const password = await page.getByRole("dialog").locator("pre").innerText();
  assert.ok(password.length >= 12);
  await browser.check(page, "one-time password");
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("button", { name: "What to do with bob" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await accounts.getByText("disabled").waitFor();
  await browser.shot(page, "accounts");
  await page.getByRole("link", { name: "Groups", exact: true }).click();
  await page.getByLabel("New group").fill("developers");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("Group developers was created.").waitFor();
  await page.getByLabel("Add to developers").fill("bob");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("list", { name: "Members of developers" }).getByText("bob").waitFor();
  await browser.check(page, "groups");
  await browser.shot(page, "groups");
  await page.getByRole("link", { name: "Roles", exact: true }).click();
  const here = page.getByRole("region", { name: "In this instance" });
  await here.getByLabel("Give", { exact: true }).selectOption("groups");
  await here.getByLabel("Name", { exact: true }).fill("developers");
  await here.getByLabel("Role", { exact: true }).selectOption("auditor");
  await here.getByRole("button", { name: "Give the role" }).click();
  await here.getByRole("table").getByText("auditor").waitFor();
  await browser.check(page, "roles");
  await browser.shot(page, "roles");
  await page.getByRole("link", { name: "Credentials", exact: true }).click();
  await page.getByText("There is no credential yet").waitFor();
  await page.getByRole("button", { name: "Create a credential" }).click();
  await page.getByLabel("What it is for").fill("cluster");
  await page.getByLabel("In namespaces").fill("team");
  await browser.check(page, "create a credential");
  await browser.shot(page, "credential-create");
  await page.getByRole("dialog").getByRole("button", { name: "Create", exact: true }).click();
  assert.match(await page.getByRole("dialog").locator("pre").innerText(), /^prq_/);
  await browser.check(page, "token");
  await browser.shot(page, "credential");
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("table", { name: "Credentials" }).getByText("pull in team").waitFor();
  await browser.check(page, "credentials");
  await page.getByRole("button", { name: "Revoke cluster" }).click();
  await page.getByText("There is no credential yet").waitFor();
  await page.getByRole("link", { name: "Audit log", exact: true }).click();
  await page.getByRole("table", { name: "Audit log" }).getByText("createAccount").first().waitFor();
  await browser.check(page, "audit log");
  await browser.shot(page, "audit");
  await page.getByLabel("Account", { exact: true }).fill("ann");
  await page.keyboard.press("Enter");
  await page.waitForURL(/actor=ann/);
  await browser.settle(page);
  for (const row of (await page.getByRole("table", { name: "Audit log" }).getByRole("row").allInnerTexts()).slice(1)) assert.match(row, /ann/);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as CSV" }).click();
  assert.equal((await download).suggestedFilename(), "audit.csv");
});

step("the own account: sessions, password", async () => {
  const p = await browser.page();
  await browser.signIn(p, "/account", "ann", "a password of ann");
  const other = await browser.page();
  await browser.signIn(other, "/namespaces", "ann", "a password of ann");
  await p.reload();
  await p.getByRole("table", { name: "Sessions" }).getByText("this one").waitFor();
  await browser.check(p, "own account");
  await browser.shot(p, "account");
  await p.getByRole("button", { name: /End the session/ }).first().click();
  await p.getByText("The session is ended").waitFor();
  await p.getByLabel("Password now").fill("a password of ann");
  await p.getByLabel("New password", { exact: true }).fill("another one of ann's");
  await p.getByLabel("New password again").fill("another one of ann's");
  await p.getByRole("button", { name: "Change the password" }).click();
  await p.getByText("The password is changed").waitFor();
  await other.getByRole("heading", { name: "Sign in to Pratique" }).waitFor();
  await other.context().close();
  await p.context().close();
});

step("an index: its images, scanned together", async () => {
  await server.api("POST", "/namespaces", { name: "platforms" });
  await server.api("PATCH", "/namespaces/platforms", { preventVul: true, severity: "high" });
  await server.push("debian12-java", "platforms/app:1");
  await server.pushIndex("debian12-java", "platforms/app", "all", "linux/amd64");
  await browser.go(page, "/repositories/platforms/app");
  await page.getByRole("button", { name: "Scan all", exact: true }).click();
  await page.waitForURL(/platforms\/app:all/, { timeout: 60_000 });
  const images = page.getByRole("table", { name: "Images it names" });
  await images.getByText("linux/amd64").waitFor();
  await images.getByText("Blocked").waitFor();
  await page.getByText("Blocked: an image that it names is blocked.").waitFor();
  await browser.check(page, "an index");
  await images.getByRole("link").click();
  await page.getByRole("heading", { name: "platforms/app:1" }).waitFor();
});

step("paths that lead nowhere, and hostile ones", async () => {
  for (const [address, says] of [
    ["/nothing", "There is no such page"],
    ["/repositories/team/app:nothing", "Not found"],
    ["/repositories/nowhere", "Not found"],
    ["/namespaces/nowhere", "Not found"],
    ["/repositories/team/%2e%2e%2f%2e%2e", "Not found"],
    ["/repositories/%E0%A4%A", "That is not the name of an image"],
    ["/repositories/team/" + "a".repeat(256), "Not found"],
    ["/repositories/team/<script>alert(1)</script>", "Not found"],
    ["/repositories/team/app:1?tab=<img src=x onerror=alert(1)>&page=-7&layer=x&sort=x&severity=x", "team/app:1"],
  ]) {
    await browser.go(page, address);
    await page.getByText(says).first().waitFor();
    await browser.check(page, address.slice(0, 80));
  }
  await browser.go(page, "/nothing");
  await browser.shot(page, "not-found");
});

step("360 and 2560 pixels, light and dark", async () => {
  for (const [width, height] of [[360, 740], [768, 1024], [2560, 1440]]) {
    for (const scheme of ["light", "dark"]) {
      const p = await browser.page({ width, height, scheme });
      await browser.signIn(p, "/repositories");
      for (const address of ["/repositories", "/repositories/team/app", "/repositories/team/app:1", "/repositories/team/app:1?tab=layers", "/repositories/team/app:1?tab=software", "/repositories/team/app:1?tab=settings", "/namespaces", "/namespaces/team", "/namespaces/team?tab=members", "/access/accounts", "/access/groups", "/access/roles", "/access/credentials", "/access/audit", "/account", "/welcome"]) {
        await browser.go(p, address);
        await browser.check(p, `${address} at ${width}, ${scheme}`);
      }
      if (width === 360 && scheme === "light" && process.env.SCREENSHOTS) {
        await browser.go(p, "/repositories/team/app:1");
        await browser.shot(p, "report-narrow");
        await browser.go(p, "/repositories/team/app");
        await browser.shot(p, "images-narrow");
      }
      await p.context().close();
    }
  }
});

step("by keyboard alone", async () => {
  const p = await browser.page();
  await p.goto(server.url + "/repositories/team");
  await p.waitForFunction(() => document.activeElement?.getAttribute("name") === "username");
  await p.keyboard.type("admin");
  await p.keyboard.press("Tab");
  await p.keyboard.type(server.password);
  await p.keyboard.press("Enter");
  await p.getByRole("table").getByRole("link", { name: "app" }).waitFor();
  await p.getByRole("table").getByRole("link", { name: "app" }).focus();
  await p.keyboard.press("Enter");
  await p.getByRole("table", { name: "Images of team/app" }).waitFor();
  await p.keyboard.press("Tab");
  assert.notEqual(await p.evaluate(() => document.activeElement?.tagName), "BODY");
  await p.context().close();
});
