// What the browser tests need: a server of ours with advisories, a browser, and
// clients that push and pull.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, appendFileSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const root = new URL("../../../../", import.meta.url).pathname;
export const program = join(root, "bin/pratique");
export const run = promisify(execFile);

/** Names what is missing for the tests. */
function missing() {
  const lacking = [];
  for (const [what, path] of [
    ["bin/pratique (make build)", program],
    ["the image debian12-java (make images)", join(process.env.PRATIQUE_IMAGES ?? "", "debian12-java/index.json")],
    ["the advisory data (PRATIQUE_DATA_SET)", join(process.env.PRATIQUE_DATA_SET ?? "", "osv")],
    ["Chromium", browserPath()],
  ]) {
    try {
      accessSync(path, constants.R_OK);
    } catch {
      lacking.push(what);
    }
  }
  return lacking;
}

function browserPath() {
  for (const path of ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // the next
    }
  }
  return "/usr/bin/chromium";
}

/** Why the tests of a file are skipped, false if they run. Where nothing may be skipped, what is missing is an error. */
export function skipping() {
  const lacking = missing();
  if (lacking.length === 0) return false;
  const why = "it needs " + lacking.join(", ");
  if (process.env.PRATIQUE_REQUIRE_ALL) throw new Error("nothing may be skipped here, and " + why);
  return why;
}

/** A port that nobody listens at, for what must be known before a server starts. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/**
 * Sets up a server, with advisories of a directory, and a browser for the tests of
 * a file. Each step goes on where the one before it ended, and fails also for what
 * a page complained about while it ran.
 */
export function stage({ advisories } = {}) {
  const skip = skipping();
  const it = { page: undefined };
  before(async () => {
    if (skip) return;
    it.server = await Server.start({ advisories });
    it.browser = await Browser.start(it.server);
  });
  after(async () => {
    await it.browser?.end();
    await it.server?.end();
  });
  let broken = false;
  it.step = (name, f) =>
    test(name, { skip, timeout: 180_000 }, async () => {
      if (broken) throw new Error("a step before this one failed");
      it.browser.complaints = [];
      try {
        await f(it);
        assert.deepEqual(it.browser.complaints, []);
      } catch (error) {
        broken = true;
        if (process.env.ON_FAILURE) await it.page?.screenshot({ path: process.env.ON_FAILURE + name.replace(/\W+/g, "-") + ".png" });
        throw error;
      }
    });
  return it;
}

/** A server with a data directory of its own. */
export class Server {
  static async start({ address = "127.0.0.1:0", advisories = process.env.PRATIQUE_DATA_SET, config } = {}) {
    const s = new Server();
    s.dir = mkdtempSync(join(tmpdir(), "pratique-console-"));
    s.auth = join(s.dir, "auth.json");
    if (advisories) await run(program, ["advisories", "import", advisories, "--data", join(s.dir, "data")], { maxBuffer: 64 << 20 });
    if (config) {
      s.config = ["--config", join(s.dir, "config.yaml")];
      writeFileSync(s.config[1], JSON.stringify(config), { mode: 0o600 }); // which is YAML, too
    }
    await s.up(address);
    return s;
  }

  /** Runs the program at an address; the first time it tells a password. */
  async up(address = this.host) {
    this.process = spawn(program, ["serve", ...(this.config ?? []), "--address", address, "--data", join(this.dir, "data"), "--advisories-source", join(this.dir, "nowhere")], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    this.log = "";
    this.process.stderr.on("data", (d) => (this.log += d));
    const ready = new Promise((resolve, reject) => {
      const look = (d) => {
        out += d;
        if (/msg=serving/.test(out)) resolve();
      };
      this.process.stdout.on("data", look);
      this.process.stderr.on("data", look);
      this.process.once("exit", () => reject(new Error("the server ended: " + out)));
    });
    await ready;
    this.host = /registry\s+(\S+)/.exec(out)?.[1] ?? /address=(\S+)/.exec(out)[1];
    this.password = /password\s+(\S+)/.exec(out)?.[1] ?? this.password;
    this.url = "http://" + this.host;
  }

  async down(signal = "SIGTERM") {
    const ended = once(this.process, "exit");
    this.process.kill(signal);
    await ended;
  }

  /** Opens another way to the server, which can be cut. */
  async way() {
    const [host, port] = this.host.split(":");
    const open = new Set();
    let cut = false;
    const way = createServer((near) => {
      if (cut) return near.destroy();
      const far = connect(Number(port), host);
      for (const [from, to] of [[near, far], [far, near]]) {
        open.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => (open.delete(from), to.destroy()));
      }
    });
    await once(way.listen(0, "127.0.0.1"), "listening");
    return {
      url: `http://127.0.0.1:${way.address().port}`,
      cut() {
        cut = true;
        for (const socket of open) socket.destroy();
      },
      mend: () => (cut = false),
      end: () => way.close(),
    };
  }

  async end() {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }

  basic() {
    return "Basic " + Buffer.from("admin:" + this.password).toString("base64");
  }

  /** Speaks to the REST interface as the administrator. */
  async api(method, path, body) {
    const answer = await fetch(this.url + "/api/v1" + path, {
      method,
      headers: { Authorization: this.basic(), ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Pushes one of the real images, or one in a directory. */
  async push(image, name) {
    await run("skopeo", ["--insecure-policy", "copy", "-q", "--dest-tls-verify=false", "--dest-creds", "admin:" + this.password, `oci:${resolve(process.env.PRATIQUE_IMAGES, image)}:latest`, `docker://${this.host}/${name}`], { maxBuffer: 64 << 20 });
  }

  /** Puts the advisories of some ecosystems in force, and no others. */
  async advise(ecosystems) {
    const source = join(this.dir, "advisories");
    rmSync(source, { recursive: true, force: true });
    mkdirSync(join(source, "osv"), { recursive: true });
    writeFileSync(join(source, "osv/ecosystems.txt"), ecosystems.join("\n") + "\n");
    for (const name of ecosystems) symlinkSync(join(process.env.PRATIQUE_DATA_SET, "osv", name), join(source, "osv", name));
    await run(program, ["advisories", "import", source, "--data", join(this.dir, "data")], { maxBuffer: 64 << 20 });
  }

  /** Pushes an index of one image, which must be in the repository. */
  async pushIndex(image, repository, tag, platform) {
    const [{ mediaType, digest, size }] = JSON.parse(readFileSync(join(process.env.PRATIQUE_IMAGES, image, "index.json"), "utf8")).manifests;
    const [os, architecture] = platform.split("/");
    const type = "application/vnd.oci.image.index.v1+json";
    const answer = await fetch(`${this.url}/v2/${repository}/manifests/${tag}`, {
      method: "PUT",
      headers: { Authorization: this.basic(), "Content-Type": type },
      body: JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [{ mediaType, digest, size, platform: { os, architecture } }] }),
    });
    if (!answer.ok) throw new Error(`push of ${repository}:${tag}: ${answer.status} ${await answer.text()}`);
  }

  /** Pulls, and returns what the client says where that is refused. */
  async pull(name) {
    try {
      await run("skopeo", ["--insecure-policy", "copy", "-q", "--src-tls-verify=false", "--src-creds", "admin:" + this.password, `docker://${this.host}/${name}`, `oci:${join(this.dir, "pulled")}:latest`], { maxBuffer: 64 << 20 });
      return "";
    } catch (error) {
      return String(error.stderr);
    }
  }
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Names, in a page, the innermost element that reaches out of the window. */
function outside() {
  const far = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
  return far.filter((e) => !far.some((other) => other !== e && e.contains(other))).at(0)?.outerHTML.slice(0, 300);
}

/** A browser that fails a test for anything a page complains about. */
export class Browser {
  static async start(server) {
    const b = new Browser();
    b.server = server;
    b.browser = await chromium.launch({ executablePath: browserPath(), args: ["--no-sandbox", "--font-render-hinting=none"] });
    b.complaints = [];
    return b;
  }

  /** Opens a page of its own, as another reader would. */
  async page({ width = 1366, height = 860, scheme = "light" } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce", acceptDownloads: true, locale: "en-GB", timezoneId: "UTC" });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on("pageerror", (e) => this.complaints.push("error in the page: " + e.stack));
    page.on("dialog", (d) => (this.complaints.push("the page opened a dialog: " + d.message()), d.dismiss()));
    page.on("console", (m) => {
      // Refused requests are part of the tests; the browser notes each.
      if (m.type() === "error" && !/Failed to load resource|net::ERR/.test(m.text())) this.complaints.push("console: " + m.text());
    });
    return page;
  }

  async signIn(page, address = "/", name = "admin", password = this.server.password, url = this.server.url) {
    await page.goto(url + address);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("navigation", { name: "Main" }).or(page.getByRole("button", { name: "Navigation" })).first().waitFor();
  }

  /** Goes to an address as a link does, without signing out. */
  async go(page, address) {
    await page.evaluate((to) => history.pushState(null, "", to), address);
    await this.settle(page);
  }

  /** Waits until nothing is being read. */
  async settle(page) {
    await page.waitForFunction(() => document.querySelectorAll('[aria-label="Loading"], [aria-busy="true"]').length === 0);
    await page.waitForTimeout(150); // what fades in
  }

  /** Has a page note from now on, in whatever it loads, what moves by itself and what takes long. */
  async watch(page) {
    await page.addInitScript(() => {
      globalThis.noted = { shifts: [], tasks: [] };
      const name = (n) => (n ? [n.nodeName.toLowerCase(), n.id && "#" + n.id, n.className && typeof n.className === "string" ? "." + n.className.split(" ").join(".") : ""].join("") : "?");
      const shift = (e) => globalThis.noted.shifts.push({ value: e.value, from: e.sources.map((s) => `${name(s.node)} ${Math.round(s.previousRect.y)}+${Math.round(s.previousRect.height)} to ${Math.round(s.currentRect.y)}+${Math.round(s.currentRect.height)}`) });
      new PerformanceObserver((l) => l.getEntries().filter((e) => !e.hadRecentInput).forEach(shift)).observe({ type: "layout-shift", buffered: true });
      new PerformanceObserver((l) => l.getEntries().forEach((e) => globalThis.noted.tasks.push(Math.round(e.duration)))).observe({ type: "longtask", buffered: true });
    });
  }

  /** Tells what a watched page noted since it was asked before, or was loaded. */
  async noted(page) {
    await this.settle(page);
    const { shifts, tasks } = await page.evaluate(() => {
      const n = globalThis.noted;
      globalThis.noted = { shifts: [], tasks: [] };
      return n;
    });
    return { shift: shifts.reduce((sum, s) => sum + s.value, 0), shifts, tasks };
  }

  /**
   * Fails for what axe finds serious, and for a page wider than its window. What axe
   * found goes into the list of docs/accessibility.md where that is wanted.
   */
  async check(page, what, { listed = true } = {}) {
    await this.settle(page);
    // The debugger puts axe into the page, which the page's policy does not bind.
    const client = await page.context().newCDPSession(page);
    await client.send("Runtime.evaluate", { expression: axe });
    await client.detach();
    const { found, passed, open } = await page.evaluate(async () => {
      const { violations, passes, incomplete } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      const found = violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + " " + n.failureSummary) }));
      return { found, passed: passes.length, open: incomplete.map((v) => v.id) };
    });
    if (process.env.ACCESSIBILITY && listed) {
      const scheme = await page.evaluate(() => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
      appendFileSync(process.env.ACCESSIBILITY, JSON.stringify({ page: what.replace(/ at \d+, (light|dark)$/, ""), width: page.viewportSize().width, scheme, passed, found: found.map(({ id, impact }) => ({ id, impact })), open }) + "\n");
    }
    const serious = found.filter((v) => v.impact === "serious" || v.impact === "critical");
    if (serious.length > 0) throw new Error(`axe on ${what}: ${JSON.stringify(serious, null, 1)}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) throw new Error(`${what} is ${wide} pixels wider than its window: ${await page.evaluate(outside)}`);
    return found.map((v) => v.id);
  }

  /** Makes a picture of a page, light and dark, where pictures are wanted. */
  async shot(page, name) {
    const dir = process.env.SCREENSHOTS;
    if (!dir) return;
    mkdirSync(dir, { recursive: true });
    // Notices of what was done before would hide a part of the page.
    const notices = page.locator(".notices").getByRole("button");
    while ((await notices.count()) > 0) await notices.first().click();
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      await this.settle(page);
      writeFileSync(join(dir, `${name}-${scheme}.png`), await page.screenshot({ animations: "disabled" }));
    }
    await page.emulateMedia({ colorScheme: "light" });
  }

  async end() {
    await this.browser.close();
  }
}
