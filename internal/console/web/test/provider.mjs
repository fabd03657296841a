// An OpenID provider for the browser tests: discovery, authorization code with
// PKCE, signed tokens. It signs in whoever the test says, without asking, and
// refuses what real ones refuse.
import { createHash, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export class Provider {
  /** Who signs in next: claims beside those of the protocol. */
  person = {};
  /** What goes wrong next: "refuse", "state", "nonce" or "key"; nothing by default. */
  wrong = "";
  /** What the client asked for at last. */
  asked = new URLSearchParams();

  #codes = new Map();
  #key = generateKeyPairSync("rsa", { modulusLength: 2048 });
  #other = generateKeyPairSync("rsa", { modulusLength: 2048 });

  /** client is who may use it: id, secret and the address people are sent back to. */
  static async start(client) {
    const p = new Provider();
    p.client = client;
    p.server = createServer((q, a) => void p.#answer(q, a));
    p.server.listen(0, "127.0.0.1");
    await once(p.server, "listening");
    // Another host name than the registry's, so that it is another site to a browser.
    p.issuer = `http://localhost:${p.server.address().port}`;
    return p;
  }

  async end() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  async #answer(request, answer) {
    const url = new URL(request.url, this.issuer);
    const json = (body, status = 200) => answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    switch (request.method + " " + url.pathname) {
      case "GET /.well-known/openid-configuration":
        return json({ issuer: this.issuer, authorization_endpoint: this.issuer + "/authorize", token_endpoint: this.issuer + "/token", jwks_uri: this.issuer + "/keys", id_token_signing_alg_values_supported: ["RS256"] });
      case "GET /keys":
        return json({ keys: [{ ...this.#key.publicKey.export({ format: "jwk" }), kid: "1", alg: "RS256", use: "sig" }] });
      case "GET /authorize":
        return this.#authorize(url.searchParams, answer);
      case "POST /token": {
        let form = "";
        for await (const part of request) form += part;
        const token = this.#token(request.headers.authorization, new URLSearchParams(form));
        return token ? json({ access_token: "opaque", token_type: "Bearer", id_token: token }) : json({ error: "invalid_grant" }, 400);
      }
    }
    answer.writeHead(404).end();
  }

  #authorize(asked, answer) {
    this.asked = asked;
    const proper = asked.get("response_type") === "code" && asked.get("client_id") === this.client.id && asked.get("redirect_uri") === this.client.back &&
      asked.get("code_challenge_method") === "S256" && asked.get("code_challenge") && asked.get("nonce") && asked.get("state") && asked.get("scope").split(" ").includes("openid");
    if (!proper) return answer.writeHead(400).end("this is not how it is done");
    const back = new URL(this.client.back);
    back.searchParams.set("state", this.wrong === "state" ? "forged" : asked.get("state"));
    if (this.wrong === "refuse") {
      back.searchParams.set("error", "access_denied");
      back.searchParams.set("error_description", "<b>not you</b>");
    } else {
      const code = randomUUID();
      this.#codes.set(code, asked);
      back.searchParams.set("code", code);
    }
    answer.writeHead(302, { Location: back.href }).end();
  }

  /** The token for a code, which serves once; undefined where the client is not who asked. */
  #token(authorization, form) {
    const asked = this.#codes.get(form.get("code"));
    this.#codes.delete(form.get("code"));
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    // Both parts are encoded as a form's are (RFC 6749, section 2.3.1).
    const basic = "Basic " + Buffer.from(new URLSearchParams([[this.client.id, this.client.secret]]).toString().replace("=", ":")).toString("base64");
    if (!asked || authorization !== basic || challenge !== asked.get("code_challenge") || form.get("redirect_uri") !== asked.get("redirect_uri")) return undefined;
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.issuer, aud: this.client.id, iat: now, exp: now + 60, nonce: this.wrong === "nonce" ? "another" : asked.get("nonce"), ...this.person };
    const signed = encode({ alg: "RS256", kid: "1", typ: "JWT" }) + "." + encode(claims);
    const key = this.wrong === "key" ? this.#other : this.#key;
    return signed + "." + createSign("RSA-SHA256").update(signed).sign(key.privateKey).toString("base64url");
  }
}
