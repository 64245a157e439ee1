/** What stories do and look at: files dropped as somebody, requests, calls, and what came of them. */
import type { Container } from "../image/support/container.ts";
import { newId } from "../image/support/request.ts";
import { sh, there } from "./stage.ts";

export const user = "a-mallory";

interface Told {
  readonly id: string;
  readonly trust: string;
  readonly status: string;
  readonly from: { readonly name: string };
}

interface Row {
  readonly agent: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** A program for a user outside of every unit: more than an agent could do inside. */
export const node = (script: string, ...args: string[]): string[] => [
  ...["/usr/bin/node", "--input-type=module", "-e", script],
  ...args,
];

const call = `
  import http from "node:http";
  const [path, body, headers, count] = process.argv.slice(1);
  const one = () => new Promise((resolve) => {
    const request = http.request({ socketPath: "/run/con/gateway.sock", method: "POST", path, agent: false,
      headers: { "content-type": "application/json", ...JSON.parse(headers) } }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      });
    request.on("error", (error) => resolve(error.code));
    request.end(body);
  });
  console.log(JSON.stringify(await Promise.all(Array.from({ length: Number(count) }, one))));`;

const query = `
  import { createRequire } from "node:module";
  const Database = createRequire("/usr/lib/con/con.mjs")("better-sqlite3");
  const database = new Database("/srv/con/logs/ledger/ledger.db", { readonly: true });
  console.log(JSON.stringify(database.prepare("SELECT * FROM calls ORDER BY id").all()));`;

export class Scene {
  readonly #container: Container;

  constructor(container: Container) {
    this.#container = container;
  }

  /** The record of the task whose file name begins so. */
  async recordOf(base: string, name: string): Promise<Told> {
    const file = await there(this.#container, `${base}/outbox/${name}*.json`);
    return JSON.parse(await sh(this.#container, `cat '${file}'`)) as Told;
  }

  async answerOf(base: string, name: string): Promise<string> {
    const file = await there(this.#container, `${base}/outbox/${name}*.response`);
    return sh(this.#container, `cat '${file}'`);
  }

  /** Drops a file as it is, as the hostile agent's user. */
  async dropAsMallory(base: string, name: string, text: string): Promise<void> {
    await this.#container.copyIn(`${base}/inbox/.${name}`, text, 0o640, user);
    await sh(this.#container, `mv ${base}/inbox/.${name} ${base}/inbox/${name}.task`, user);
  }

  /** Drops requests side by side, as the hostile agent; what the steward said to each. */
  async ask(...requests: readonly object[]): Promise<string[]> {
    const inbox = "/srv/con/steward/inbox";
    const ids = requests.map(newId);
    for (const [n, request] of requests.entries()) {
      const text = JSON.stringify({ version: 1, why: "", incident: null, ...request });
      await this.#container.copyIn(`${inbox}/.${ids[n]}`, text, 0o600, user);
    }
    const publish = ids.map((id) => `mv ${inbox}/.${id} ${inbox}/${id}.json`).join("; ");
    await sh(this.#container, publish, user);
    const answers: string[] = [];
    for (const id of ids) answers.push(await this.#answerTo(id));
    return answers;
  }

  async #answerTo(id: string): Promise<string> {
    const file = await there(this.#container, `/srv/con/steward/outbox/${id}.json`);
    const text = await sh(this.#container, `cat ${file}`);
    const { status, error } = JSON.parse(text) as { status: string; error: string | null };
    return `${status} ${error ?? ""}`;
  }

  /** Calls of the gateway side by side, as the hostile agent's user; the status of each. */
  async calls(path: string, body: object, headers: object = {}, count = 1): Promise<unknown[]> {
    const argv = node(call, path, JSON.stringify(body), JSON.stringify(headers), String(count));
    return JSON.parse(await this.#container.must(argv, { user })) as unknown[];
  }

  async ledger(): Promise<Row[]> {
    return JSON.parse(await this.#container.must(node(query))) as Row[];
  }

  audit(): Promise<string> {
    return this.#container.must(["con", "logs", "--audit", "-n", "1000", "--json"]);
  }

  journal(...matches: string[]): Promise<string> {
    const json = ["--quiet", "--no-pager", "--output=json"];
    return this.#container.must(["journalctl", ...json, ...matches]);
  }
}
