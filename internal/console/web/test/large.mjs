// A report of more than ten thousand findings in a real browser: what the page does
// does not grow with the report, and nothing in it jumps.
import assert from "node:assert/strict";
import { join } from "node:path";
import { stage } from "./harness.mjs";
import { writeImage } from "./image.mjs";

const it = stage();
const { step } = it;

// The packages of an early kernel of Debian 12, each with some 4,000 vulnerabilities.
const kernel = ["linux-headers-6.1.0-1-common", "linux-image-6.1.0-1-amd64", "linux-libc-dev"];
const large = {
  layers: [[
    { path: "etc/os-release", content: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' },
    { path: "etc/debian_version", content: "12.0\n" },
    { path: "var/lib/dpkg/status", content: kernel.map((name) => `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nSource: linux\nVersion: 6.1.4-1\n`).join("\n") },
  ]],
};

const report = "/repositories/team/large:1?tab=system";

/** The rows a list shows at a time. */
const pageRows = 50;

/** How far things may move by themselves, as browsers measure it; they call less than this good. */
const mostShift = 0.1;

/** Does something and returns the requests to the interface it leads to. */
async function requests(page, f) {
  const seen = [];
  const note = (r) => r.url().includes("/api/v1/") && !/\/events/.test(r.url()) && seen.push(r);
  page.on("request", note);
  await f();
  await it.browser.settle(page);
  page.off("request", note);
  return seen;
}

/** Fails for a page in which much moved by itself; prints which tasks took long. */
async function still(page, what) {
  const { shift, shifts, tasks } = await it.browser.noted(page);
  console.log(`# ${what}: moved ${shift.toFixed(3)}, tasks over 50 ms: ${tasks.length > 0 ? tasks.join(", ") + " ms" : "none"}`);
  if (process.env.SHIFTS || shift >= mostShift) console.log(JSON.stringify(shifts, null, 1));
  assert.ok(shift < mostShift, `${what}: its parts moved by ${shift.toFixed(3)}`);
}

step("an image of more than ten thousand findings is pushed and scanned", async ({ server, browser }) => {
  const dir = join(server.dir, "large");
  writeImage(dir, large);
  await server.api("POST", "/namespaces", { name: "team" });
  await server.api("PATCH", "/namespaces/team", { autoScan: true, preventVul: true, severity: "high" });
  it.page = await browser.page();
  await browser.watch(it.page);
  await browser.signIn(it.page, "/repositories/team/large");
  await server.push(dir, "team/large:1");
  await it.page.getByRole("table", { name: "Images of team/large" }).getByText("Blocked").waitFor();
  const { total } = await server.api("GET", "/namespaces/team/repositories/large/artifacts/1/vulnerabilities?limit=1");
  assert.ok(total > 10_000, `the image has ${total} vulnerabilities`);
  console.log(`# ${total} vulnerabilities`);
});

step("its report shows as much as a page has, and asks once for each change", async ({ browser, page }) => {
  await page.goto(it.server.url + report);
  const table = page.getByRole("table", { name: "System vulnerabilities" });
  const rows = table.locator("tbody tr.plain");
  await rows.first().waitFor();
  await still(page, "opening the report");
  const elements = await page.evaluate(() => document.querySelectorAll("*").length);
  console.log(`# elements in the page: ${elements}`);
  assert.ok(elements < 3_000, `the page has ${elements} elements`);

  const search = page.getByLabel("Search");
  const changes = {
    "a filter": () => page.getByLabel("Severity").first().selectOption("high"),
    "a search": () => search.fill("CVE-2023"),
    "another order": () => table.getByRole("button", { name: "Vulnerability" }).click(),
    "no filter": () => page.getByLabel("Severity").first().selectOption(""),
    "no search": () => search.fill(""),
    "the second page": () => page.getByRole("button", { name: "Page 2", exact: true }).click(),
    "the last page": () => page.getByRole("button", { name: /^Page 2\d\d$/ }).last().click(),
  };
  for (const [what, change] of Object.entries(changes)) {
    const before = page.url();
    const asked = await requests(page, async () => {
      const answered = page.waitForResponse((r) => /\/vulnerabilities\?/.test(r.url()));
      await change();
      await (await answered).finished();
      await page.waitForFunction((url) => location.href !== url, before);
    });
    assert.deepEqual(asked.map((r) => new URL(r.url()).pathname.split("/").at(-1)), ["vulnerabilities"], what);
    const bytes = (await (await asked[0].response()).body()).length;
    assert.ok(bytes < 500_000, `${what}: the answer has ${bytes} bytes`);
    const n = await rows.count();
    assert.ok(n > 0 && n <= pageRows, `${what}: ${n} rows`);
    await still(page, what);
  }
});

step("what is typed is asked for when the reader rests", async ({ page }) => {
  const asked = await requests(page, async () => {
    // All at once, so that a slow machine does not rest in between.
    await page.getByLabel("Search").evaluate((input) => {
      const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
      for (const text of ["C", "CV", "CVE", "CVE-2024-2"]) {
        set.call(input, text);
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
    await page.waitForResponse((r) => /q=CVE-2024-2/.test(r.url()));
  });
  assert.equal(asked.length, 1);
  await page.getByLabel("Search").fill("");
  await page.waitForURL((url) => !url.search.includes("q="));
  await it.browser.noted(page);
});

step("it scrolls without asking for anything, and opens a finding", async ({ browser, page }) => {
  const rows = page.getByRole("table", { name: "System vulnerabilities" }).locator("tbody tr.plain");
  const asked = await requests(page, async () => {
    for (let i = 0; i < 12; i++) {
      await page.mouse.wheel(0, 400);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
    await rows.last().scrollIntoViewIfNeeded();
    await page.evaluate(() => window.scrollTo(0, 0));
    await rows.first().locator("button.expander").click();
    await page.getByRole("heading", { name: "What to do" }).waitFor();
  });
  assert.deepEqual(asked.map((r) => r.url()), []);
  await still(page, "scrolling, and opening a finding");
  await browser.check(page, "a report of 12,000 findings");
  await rows.first().locator("button.expander").click();
});

step("nothing jumps while pages load", async ({ browser, page }) => {
  for (const [what, address, says] of [
    ["the overview", "/", "Images now"],
    ["the namespaces", "/repositories", "team"],
    ["the repositories", "/repositories/team", "large"],
    ["the images", "/repositories/team/large", "Blocked"],
    ["the report", report, "linux-image"],
    ["its software", "/repositories/team/large:1?tab=software", "linux-image"],
    ["its layers", "/repositories/team/large:1?tab=layers", "Layer"],
    ["its history", "/repositories/team/large:1?tab=history", "push"],
    ["the settings of a namespace", "/namespaces/team", "Scan images when they are pushed"],
    ["the events", "/administration/events", "scan done"],
    ["the accounts", "/access/accounts", "admin"],
  ]) {
    await page.goto(it.server.url + address);
    await page.getByText(says).filter({ visible: true }).first().waitFor();
    await still(page, what);
  }
});

step("nothing jumps where slow answers come one after the other", async ({ browser, page }) => {
  // Each answer takes longer than the one asked for before it.
  let n = 0;
  await page.route("**/api/v1/**", async (route) => {
    if (/\/events/.test(route.request().url())) return route.continue();
    await new Promise((done) => setTimeout(done, 40 * ++n));
    await route.continue();
  });
  for (const [what, address, says] of [
    ["the overview, slowly", "/", "Most exposed repositories"],
    ["the images, slowly", "/repositories/team/large", "Blocked"],
    ["the report, slowly", report, "linux-image"],
  ]) {
    n = 0;
    await page.goto(it.server.url + address);
    await page.getByText(says).filter({ visible: true }).first().waitFor();
    await still(page, what);
  }
  await page.unrouteAll({ behavior: "wait" });
});

step("nothing jumps while a scan goes on", async ({ server, browser, page }) => {
  for (const [what, address] of [["the overview", "/"], ["the images", "/repositories/team/large"], ["the report", report]]) {
    await page.goto(server.url + address);
    await browser.noted(page);
    const before = (await server.api("GET", "/namespaces/team/repositories/large/artifacts/1")).scanOverview.id;
    const told = page.waitForResponse((r) => /\/artifacts|\/dashboard|\/scans/.test(r.url()));
    await server.api("POST", "/namespaces/team/repositories/large/artifacts/1/scan");
    await told;
    for (;;) {
      const { scanOverview: s } = await server.api("GET", "/namespaces/team/repositories/large/artifacts/1");
      if (s.id !== before && s.state === "Success") break;
      await new Promise((done) => setTimeout(done, 50));
    }
    await page.waitForTimeout(1_000); // what comes of the last event
    await still(page, `${what} while a scan goes on`);
  }
});
