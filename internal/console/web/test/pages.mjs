// The pages about all images and the whole instance, in a real browser against
// the real server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

/** A step fails also for what the page complained about while it ran. */
const step = (name, f) =>
  test(name, { skip, timeout: 180_000 }, async (t) => {
    browser.complaints = [];
    await f(t);
    assert.deepEqual(browser.complaints, []);
  });

/** Goes to an address, waits for what it says, has axe look at it and takes a picture. */
async function visit(address, says, picture) {
  await browser.go(page, address);
  await page.getByText(says).first().waitFor();
  await browser.check(page, address);
  if (picture) await browser.shot(page, picture);
}

step("without images there is nothing to be shown, and it says so", async () => {
  page = await browser.page();
  await browser.signIn(page, "/risks");
  await page.getByText("No vulnerability was found").waitFor();
  await browser.check(page, "no risks");
  await visit("/administration/batches", "There was no batch yet");
  await visit("/administration/schedules", "There is no schedule");
  await visit("/administration/metering", "Nothing was scanned in this month");
  await visit("/administration/events", "Nothing has happened yet");
});

step("events come by themselves", async () => {
  await server.api("POST", "/namespaces", { name: "team" });
  await server.api("PATCH", "/namespaces/team", { autoScan: true, preventVul: true, severity: "high" });
  await server.push("debian12-minbase", "team/app:1.0");
  await page.getByRole("table", { name: "Events" }).getByText("scan done").waitFor({ timeout: 120_000 });
  await server.push("debian12-java", "team/app:2.0");
  await page.getByText("allowed → blocked").or(page.getByText("not yet judged → blocked")).first().waitFor({ timeout: 120_000 });
  assert.match(await server.pull("team/app:2.0"), /vulnerabilit/);
  await page.getByRole("table", { name: "Events" }).getByText("pull refused").first().waitFor();
  await browser.check(page, "events");
  await browser.shot(page, "events");
  await page.getByLabel("Kind").selectOption("pull.blocked");
  await page.waitForURL(/kind=pull.blocked/);
  await page.getByRole("table", { name: "Events" }).getByText("scan done").waitFor({ state: "detached" });
  await page.getByText("The whole message").first().click();
  await page.getByText(/may not be pulled/).first().waitFor();
});

step("the overview is where the console begins", async () => {
  await page.getByRole("link", { name: "Pratique" }).click();
  await page.getByRole("heading", { name: "Images now" }).waitFor();
  const most = page.getByRole("table", { name: "Most exposed repositories" });
  await most.getByText("team/app").waitFor();
  await most.getByText("Blocked").waitFor();
  await browser.check(page, "overview");
  await browser.shot(page, "overview");
  await page.getByText("As a table").first().click();
  await page.getByRole("rowheader").first().waitFor();
  await browser.check(page, "overview, as a table");
});

/** The most script, compressed, that the first view may need. */
const budget = 250_000;

step("the overview needs little script", async () => {
  const p = await browser.page();
  const sizes = [];
  p.on("response", (r) => /\.js$/.test(r.url()) && sizes.push(r.body().then((b) => gzipSync(b).length)));
  await browser.signIn(p, "/");
  await p.getByRole("table", { name: "Most exposed repositories" }).waitFor();
  const script = (await Promise.all(sizes)).reduce((n, size) => n + size, 0);
  assert.ok(script > 0 && script < budget, `the overview loads ${script} bytes of script, compressed`);
  console.log(`# overview: ${script} bytes of script, compressed`);
  await p.context().close();
});

step("the overview follows scans", async () => {
  await page.getByText("Nothing is being scanned").waitFor();
  await server.push("debian12-node", "team/late:1");
  await page.getByText("Nothing is being scanned").waitFor({ state: "detached" });
  await page.getByText("Nothing is being scanned").waitFor({ timeout: 120_000 });
  await page.getByRole("table", { name: "Most exposed repositories" }).getByText("team/late").waitFor();
});

step("risks: from the list to a vulnerability, to an image", async () => {
  await browser.go(page, "/risks");
  await page.getByRole("table", { name: "Vulnerabilities" }).getByText("critical").first().waitFor();
  await browser.check(page, "risks");
  await page.getByText(/^1–50 of [0-9,]+ vulnerabilities$/).waitFor();
  await browser.shot(page, "risks");
  await page.getByRole("button", { name: "Likely" }).click();
  await page.waitForURL(/sort=epss/);
  await page.getByRole("columnheader", { name: "Likely" }).and(page.locator('[aria-sort]')).waitFor();
  await browser.go(page, "/risks?exploited=yes&sort=epss");
  await page.getByText("exploited", { exact: true }).or(page.getByText("Nothing fits this selection")).first().waitFor();
  await browser.go(page, "/risks?ns=team&repo=app");
  await page.getByLabel("Severity").selectOption("high");
  await page.getByLabel("Fix").selectOption("yes");
  await page.waitForURL(/severity=high.*fixable=yes/);
  await browser.settle(page);
  const rows = page.getByRole("table", { name: "Vulnerabilities" }).getByRole("row");
  const id = await rows.nth(1).getByRole("link").innerText();
  await page.getByLabel("Search").fill(id);
  await page.waitForURL(new RegExp("q=" + id));
  await rows.nth(2).waitFor({ state: "detached" });
  await rows.nth(1).getByRole("link").click();
  await page.getByRole("heading", { name: id }).waitFor();
  const images = page.getByRole("table", { name: "Images that have it" });
  await images.getByText("team/app:2.0").first().waitFor();
  await browser.check(page, "a vulnerability");
  await browser.shot(page, "vulnerability");
  await server.api("POST", "/exceptions", { scope: "repository", targets: [{ namespace: "team", repository: "app" }], action: "ignore", vulnerability: id, reason: "not reachable" });
  await page.reload();
  await page.getByRole("table", { name: "Decisions about it" }).getByText("not reachable").waitFor();
  await images.getByText("ignored").first().waitFor();
  await images.getByText("team/app:2.0").first().click();
  await page.getByRole("heading", { name: "team/app:2.0" }).waitFor();
});

step("risks: rules and packages", async () => {
  for (const category of ["malware", "settings", "passwords", "sensitive", "compliance", "base"]) {
    await browser.go(page, "/risks/" + category);
    await browser.check(page, "risks, " + category);
  }
  await visit("/risks/base", "Regular support of Debian GNU/Linux 12 (bookworm) has ended");
  await visit("/risks/settings", "There is no health check");
  await page.getByRole("link", { name: "There is no health check" }).click();
  await page.getByRole("table", { name: "Images" }).getByText("team/app:1.0").waitFor();
  await page.getByRole("heading", { name: "What to do" }).waitFor();
  await page.getByText("HEALTHCHECK").first().waitFor();
  await browser.check(page, "a rule");
  await browser.shot(page, "rule");
  await visit("/risks/packages", "adduser");
  await page.getByLabel("Name").fill("ibc6");
  await page.waitForURL(/q=ibc6/);
  await page.getByRole("table", { name: "Packages" }).getByText("adduser").waitFor({ state: "detached" });
  await browser.check(page, "packages");
  await browser.shot(page, "packages");
  await page.reload();
  await page.getByRole("link", { name: "libc6", exact: true }).click();
  await page.getByRole("table", { name: "Images that hold libc6" }).getByText("team/app:2.0").waitFor();
  await browser.check(page, "a package");
  await browser.shot(page, "package");
  await visit("/risks/package?name=no-such-package", "No image holds this package");
});

step("a repository is found in all namespaces", async () => {
  await browser.go(page, "/repositories");
  await page.getByRole("table", { name: "Namespaces" }).getByText("team").waitFor();
  await page.getByLabel("Find in all namespaces").fill("M/AP");
  await page.waitForURL(/q=M/);
  const found = page.getByRole("table", { name: "Repositories" });
  await found.getByText("team/app").waitFor();
  await found.getByText("team/late").waitFor({ state: "detached" });
  await browser.check(page, "repositories that were found");
  await browser.shot(page, "found-repositories");
  await found.getByRole("link", { name: "team/app" }).click();
  await page.getByRole("heading", { name: "team/app" }).waitFor();
  await visit("/repositories?q=no-such-repository", "No repository has this name");
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("table", { name: "Namespaces" }).waitFor();
});

step("what changed between two images", async () => {
  await browser.go(page, "/repositories/team/app:2.0");
  await page.getByRole("link", { name: "Difference" }).click();
  await page.getByRole("table", { name: "findings" }).waitFor();
  await browser.check(page, "difference");
  await browser.shot(page, "difference");
  await page.getByRole("button", { name: /^Software/ }).click();
  await page.getByRole("table", { name: "packages" }).waitFor();
  await browser.check(page, "difference, software");
  await visit("/difference/team/app:1.0", "There is no earlier image");
  await page.getByLabel("Compared with").selectOption({ label: "an image of another repository…" });
  await page.getByLabel("Image to compare with").fill("team/late");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByText("Write NAMESPACE/REPOSITORY:TAG").waitFor();
  await page.getByLabel("Image to compare with").fill("team/late:1");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByText("team/late:1", { exact: true }).waitFor();
  await page.getByRole("button", { name: /^Gone/ }).click();
  await page.waitForURL(/ns=team.*show=removed/);
});

step("a closed gate keeps scans out", async () => {
  await visit("/administration", "Nothing is scanned before it was given", "gates");
  await page.getByRole("button", { name: "Close the gate This instance" }).click();
  await page.getByText("closed", { exact: true }).waitFor();
  await browser.check(page, "a closed gate");
  await assert.rejects(server.api("POST", "/namespaces/team/repositories/app/artifacts/1.0/scan"), /gate_closed/);
  await page.getByRole("button", { name: "Open the gate This instance" }).click();
  await page.getByText("closed", { exact: true }).waitFor({ state: "detached" });
});

step("limits, advisories, what this is", async () => {
  await visit("/administration/limits", "Largest layer", "limits");
  await page.getByLabel("Scans at a time").fill("4");
  await page.getByLabel("images for Windows").check();
  await server.api("PUT", "/settings", { revision: 0, layers: 100 });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").waitFor();
  await browser.check(page, "limits, overtaken");
  await page.getByRole("button", { name: "Load what it says now" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Most layers").inputValue(), "100");
  await page.getByLabel("Scans at a time").fill("4");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The limits are saved").waitFor();
  assert.deepEqual((await server.api("GET", "/settings")).set, { concurrentScans: 4, layers: 100 });
  await server.api("PUT", "/namespaces/team/rules/passwords.txt", { content: "Hafenmeister\n" });
  await visit("/administration/rules", "The built-in rules alone hold for all", "rules");
  await page.getByRole("table", { name: "Namespaces with rules of their own" }).getByRole("link", { name: "team" }).click();
  await page.getByRole("table", { name: "Files of rules" }).getByText("passwords.txt").waitFor();
  await server.api("DELETE", "/namespaces/team/rules/passwords.txt");
  await visit("/administration/about", "REST interface");
  await visit("/administration/advisories", "Debian", "advisories");
  await page.getByRole("button", { name: "Update now" }).click();
  await page.getByText("The advisories are up to date.").waitFor({ timeout: 120_000 });
  await browser.check(page, "advisories that were fetched");
});

step("a batch: what it comes to, its progress, its images", async () => {
  await browser.go(page, "/administration/batches");
  await page.getByRole("button", { name: "Start a batch" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/^3 images to scan/).waitFor();
  await dialog.getByLabel("of repositories").check();
  await dialog.getByText("Name at least one repository").waitFor();
  await dialog.getByLabel("Repositories", { exact: true }).fill("team/a*");
  await dialog.getByText(/^2 images to scan/).waitFor();
  await browser.check(page, "start a batch");
  await browser.shot(page, "batch-start");
  await dialog.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("heading", { name: "Batch 1" }).waitFor();
  await page.getByText("finished").waitFor({ timeout: 120_000 });
  const images = page.getByRole("table", { name: "Images of batch 1" });
  await images.getByText("team/app:2.0").waitFor();
  await images.getByText("being scanned").or(images.getByText("waits")).first().waitFor({ state: "detached" });
  await browser.check(page, "a batch");
  await browser.shot(page, "batch");
  await visit("/administration/batches", "repository team/a*", "batches");
});

step("a schedule: added, changed, deleted", async () => {
  await browser.go(page, "/administration/schedules");
  await page.getByRole("button", { name: "Add a schedule" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill("weekly");
  await dialog.getByLabel("Images an hour").fill("100");
  await browser.check(page, "add a schedule");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("table", { name: "Schedules" }).getByText("every 7 days at 02:00 UTC").waitFor();
  await browser.check(page, "schedules");
  await browser.shot(page, "schedules");
  await page.getByRole("button", { name: "Change weekly" }).click();
  assert.equal(await dialog.getByLabel("Images an hour").inputValue(), "100");
  await dialog.getByLabel("Runs").selectOption("1");
  await dialog.getByLabel("Switched on").uncheck();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("switched off").waitFor();
  const saved = await server.api("GET", "/schedules/weekly");
  assert.deepEqual([saved.everyDays, saved.enabled, saved.imagesPerHour], [1, false, 100]);
  await page.getByRole("button", { name: "Delete weekly" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("There is no schedule").waitFor();
});

step("the statement of a month, also for a spreadsheet", async () => {
  await visit("/administration/metering", "Scans that succeeded", "metering");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as CSV" }).click()]);
  assert.match(readFileSync(await download.path(), "utf8"), /team/);
});

step("addresses that lead nowhere, and hostile ones", async () => {
  for (const [address, says] of [
    ["/risks/nothing", "There is no such page"],
    ["/risks/vulnerability/CVE-0000-0000", "No image has it"],
    ["/risks/vulnerability/%E0%A4%A", "No image has it"],
    ["/risks/vulnerability/<img src=x onerror=alert(1)>", "No image has it"],
    ["/risks/rule?category=nothing&rule=x", "There is no such rule"],
    ["/risks/rule?category=unsafe-setting&rule=<script>alert(1)</script>", "No image has it"],
    ["/risks?page=99999999999&severity=x", "Nothing fits this selection"],
    ["/difference/team", "That is not the name of an image"],
    ["/difference/team/app:9", "cannot be compared"],
    ["/difference/team/app:2.0?since=<b>x</b>", "Not found"],
    ["/difference/team/app:2.0?since=2999-01-01T00:00:00Z", "has not come yet"],
    ["/administration/nothing", "There is no such page"],
    ["/administration/batches/999", "Not found"],
    ["/administration/batches/1/2", "There is no such page"],
    ["/administration/events?kind=<b>&ns=%00", "Events"],
    ["/administration/metering?month=x", "Scans that succeeded"],
  ]) {
    await browser.go(page, address);
    await page.getByText(says).first().waitFor();
    await browser.check(page, address);
  }
});

step("360 and 2560 pixels, light and dark", async () => {
  const { items } = await server.api("GET", "/risks/vulnerabilities?limit=1");
  for (const [width, height] of [[360, 740], [768, 1024], [2560, 1440]]) {
    for (const scheme of ["light", "dark"]) {
      page = await browser.page({ width, height, scheme });
      await browser.signIn(page, "/");
      for (const address of ["/", "/risks", "/risks/settings", "/risks/vulnerability/" + items[0].id, "/risks/package?name=libc6", "/difference/team/app:2.0", "/difference/team/app:2.0?since=2026-01-01T00:00:00Z", "/administration", "/administration/limits", "/administration/advisories", "/administration/rules", "/administration/batches", "/administration/batches/1", "/administration/metering", "/administration/events", "/administration/about"]) {
        await browser.go(page, address);
        await browser.check(page, `${address} at ${width}, ${scheme}`);
      }
      if (width === 360 && scheme === "light" && process.env.SCREENSHOTS) {
        await browser.go(page, "/");
        await browser.shot(page, "overview-narrow");
      }
      await page.context().close();
    }
  }
});

step("what came and went in an image, and when images had a vulnerability", async () => {
  page = await browser.page();
  await browser.signIn(page, "/difference/team/app:2.0");
  await page.getByLabel("Compared with").selectOption({ label: "itself, a week ago" });
  await page.waitForURL(/since=20/);
  await page.getByText("That was its first report").waitFor();
  await page.getByText("Nothing has changed since then.").waitFor();
  await browser.check(page, "difference, without any");
  const shared = page.url();

  // Without the advisories of an ecosystem what they found goes.
  await server.advise(["Debian", "npm"]);
  const target = `/namespaces/team/repositories/app/artifacts/2.0/difference?since=${new Date(Date.now() - 86_400_000).toISOString()}`;
  while ((await server.api("GET", target)).removed.length === 0) await page.waitForTimeout(250);
  await page.goto(shared + "&show=removed");
  const gone = page.getByRole("table", { name: "findings" });
  await gone.getByRole("link").first().waitFor();
  await browser.check(page, "difference since a week ago");
  await browser.shot(page, "difference-since");
  await page.getByLabel("Compared with").selectOption({ label: "the image that was pushed before" });
  await page.getByText("Layers in common").waitFor();
  await page.goBack();
  await gone.getByRole("link").first().click();
  await page.getByText("No image has it").first().waitFor();
  const history = page.getByRole("table", { name: "History" });
  await history.getByText("team/app:2.0").waitFor();
  assert.equal(await history.getByText("still there").count(), 0);
  await browser.check(page, "the history of a vulnerability");
  await browser.shot(page, "vulnerability-history");
});
