// Signing in with an OpenID provider, in a real browser against the real server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, freePort, Server, skipping } from "./harness.mjs";
import { Provider } from "./provider.mjs";

const skip = skipping();

let server, provider, browser;
before(async () => {
  if (skip) return;
  const address = "127.0.0.1:" + (await freePort());
  const url = "http://" + address;
  provider = await Provider.start({ id: "pratique", secret: "known to both", back: url + "/auth/oidc/callback" });
  server = await Server.start({
    address,
    advisories: false,
    config: { publicURL: url, oidc: { issuer: provider.issuer, clientID: "pratique", clientSecret: "known to both", groups: [{ claim: "maintainers", group: "keepers" }, { claim: "platform", group: "administrators", role: "administrator" }] } },
  });
  browser = await Browser.start(server);
  await server.api("POST", "/namespaces", { name: "team" });
  await server.api("PUT", "/namespaces/team/roles/groups/keepers", { role: "maintainer" });
});
after(async () => {
  await browser?.end();
  await server?.end();
  await provider?.end();
});

/** A step fails also for what the page complained about while it ran. */
const step = (name, f) =>
  test(name, { skip, timeout: 120_000 }, async (t) => {
    browser.complaints = [];
    provider.wrong = "";
    try {
      await f(t);
    } catch (error) {
      console.log(server.log.split("\n").filter((line) => /level=(WARN|ERROR)/.test(line)).slice(-3).join("\n"));
      throw error;
    }
    assert.deepEqual(browser.complaints, []);
  });

const withProvider = (page) => page.getByRole("link", { name: "Sign in with your organisation" });

/** Signs in who the provider says, from an address, and returns the page. */
async function arrive(address, person) {
  provider.person = person;
  const page = await browser.page();
  page.setDefaultTimeout(10_000);
  await page.goto(server.url + address);
  await withProvider(page).click();
  return page;
}

/** Says what the server's audit log has of sign-ins with the provider. */
const audited = async (result) => (await server.api("GET", `/audit?action=login&result=${result}&limit=100`)).items.filter((e) => e.via === "oidc").map((e) => `${e.actor ?? ""} ${e.detail ?? ""}`.trim());

const ann = { sub: "1", preferred_username: "ann", groups: ["maintainers", "choir"] };

step("there and back to where one was; the groups say what one may", async () => {
  const page = await arrive("/namespaces/team?tab=settings", ann);
  await page.getByRole("heading", { name: "team" }).waitFor();
  assert.equal(page.url(), server.url + "/namespaces/team?tab=settings");
  assert.equal(new URL(provider.asked.get("redirect_uri")).host, server.host);
  await page.getByRole("switch", { name: "Scan images when they are pushed" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("The settings are saved").waitFor();
  assert.equal((await server.api("GET", "/namespaces/team")).autoScan, true);
  await browser.check(page, "settings, for a maintainer by group");
  // What signed in is a session like others: no script can read it.
  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map((c) => [c.name, c.httpOnly, c.sameSite]), [["pratique-session", true, "Lax"]]);
  assert.equal(await page.evaluate(() => document.cookie), "");
  await browser.go(page, "/account");
  await page.getByText("In keepers").waitFor();
  await page.getByText("you sign in with your organisation").waitFor();
  assert.equal(await page.getByLabel("Password now").count(), 0);
  await browser.check(page, "own account, without a password");
  await browser.shot(page, "account-provider");
  await browser.go(page, "/welcome");
  await page.getByText("Log in with a credential as the password").waitFor();
  // Another page that leads here finds somebody who is signed in.
  const other = await page.context().newPage();
  await other.goto(provider.issuer + "/keys");
  await other.evaluate((to) => { location.href = to; }, server.url + "/namespaces/team");
  await other.getByRole("heading", { name: "team" }).waitFor();
  await other.close();
  await page.getByRole("button", { name: "Account ann" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await withProvider(page).waitFor();
  assert.deepEqual(await page.context().cookies(), []);
  await page.reload();
  await withProvider(page).waitFor();
  assert.deepEqual(await audited("done"), ["ann"]);
  await page.context().close();
});

step("groups count as the provider has them at each sign-in", async () => {
  const page = await arrive("/administration", { ...ann, groups: ["platform"] });
  await page.getByRole("link", { name: "Access" }).waitFor();
  await browser.go(page, "/access/accounts");
  await page.getByRole("table", { name: "Accounts" }).getByText("ann").first().waitFor();
  await page.context().close();
  const again = await arrive("/", { ...ann, groups: [] });
  await again.getByText("There is nothing here that you may see").waitFor();
  await again.context().close();
});

step("somebody without a group is told what to ask for", async () => {
  const page = await arrive("/", { sub: "2", preferred_username: "bob" });
  await page.getByText("There is nothing here that you may see").waitFor();
  await page.getByText(/give the account bob one/).waitFor();
  await browser.check(page, "somebody without a role");
  await browser.shot(page, "no-role");
  for (const address of ["/repositories", "/namespaces"]) {
    await browser.go(page, address);
    await page.getByText("There is nothing here that you may see").waitFor();
    await browser.check(page, address + " without a role");
  }
  await browser.go(page, "/namespaces/team");
  await page.getByText("Not found").first().waitFor();
  // What was asked for counts at once.
  await server.api("PUT", "/namespaces/team/roles/accounts/bob", { role: "reader" });
  await page.goto(server.url + "/repositories");
  await page.getByRole("link", { name: "team" }).waitFor();
  await page.context().close();
});

step("what goes wrong is told by a page that says what to do", async () => {
  for (const [wrong, says, code] of [
    ["refuse", "did not let you in", "oidc_refused"],
    ["state", "was begun in another window", "oidc_state_wrong"],
    ["nonce", "could not be relied on", "oidc_token_wrong"],
    ["key", "could not be relied on", "oidc_token_wrong"],
  ]) {
    provider.wrong = wrong;
    const page = await arrive("/namespaces?q=a", { sub: "3", preferred_username: "eve" });
    await page.getByRole("heading", { name: "Not signed in" }).waitFor();
    await page.getByText(says).waitFor();
    assert.ok(!(await page.content()).includes("not you"));
    assert.deepEqual(await page.context().cookies(), []);
    await browser.check(page, "a sign-in that failed: " + wrong);
    if (wrong === "refuse") await browser.shot(page, "sign-in-failed");
    assert.ok((await audited("denied")).includes(code), code);
    // The way on is the one that was meant, where that is known.
    provider.wrong = "";
    provider.person = ann;
    await page.getByRole("link", { name: "Try again" }).click();
    await page.getByRole("button", { name: "Account ann" }).waitFor();
    assert.equal(page.url(), server.url + (wrong === "state" ? "/" : "/namespaces?q=a"));
    await page.context().close();
  }
  assert.deepEqual((await server.api("GET", "/accounts")).items.map((a) => a.name), ["admin", "ann", "bob"]);
});

step("addresses that somebody else wrote lead nowhere else", async () => {
  const page = await browser.page();
  await page.goto(server.url + "/auth/failed?code=%3Cscript%3Ealert(1)%3C/script%3E&next=//evil.example");
  await page.getByText("Something went wrong").waitFor();
  assert.equal(await page.getByRole("link", { name: "Sign in another way" }).getAttribute("href"), "/");
  await page.goto(server.url + "/auth/oidc/callback?code=x&state=y");
  await page.getByText("No sign-in was begun in this browser").waitFor();
  for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil.example"]) {
    provider.person = ann;
    await page.goto(server.url + "/auth/oidc/login?next=" + (next.includes("%") ? next : encodeURIComponent(next)));
    await page.getByRole("button", { name: "Account ann" }).waitFor();
    assert.equal(new URL(page.url()).origin, server.url, next);
  }
  await page.context().close();
});

step("a provider that is down leaves the other way in", async () => {
  const page = await browser.page();
  await provider.end();
  await server.down();
  await server.up();
  await page.goto(server.url + "/namespaces");
  await withProvider(page).click();
  await page.getByText("cannot be reached").waitFor();
  await browser.check(page, "a provider that is down");
  await page.getByRole("link", { name: "Sign in another way" }).click();
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(server.password);
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Namespaces" }).waitFor();
  await page.context().close();
  provider = undefined;
});
