/**
 * The gateway through its life in the booted system: no key yet, a key, a stop and a crash in the middle
 * of a call, the key gone again. The model is a scripted server inside the container.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved, repository } from "./support/container.ts";

const secret = "sk-image-4f1d2c8a90b37e65d0c1";
const credential = "/run/credentials/con-gateway.service/up";
const requests = "/root/requests.jsonl";

/** One request to the gateway as a program: prints status and body. Its claims must not count. */
const probe = `
import http from "node:http";
const [path, body, task] = process.argv.slice(1);
const headers = { "x-con-task": task, "x-con-agent": "root", authorization: "Bearer root" };
const call = http.request({ socketPath: "/run/con/gateway.sock", method: "POST", path, headers });
call.on("response", (response) => {
  process.stdout.write(response.statusCode + " ");
  response.pipe(process.stdout);
});
call.end(body);
`;

const script = [
  { when: "slow", turns: [{ text: "slow but whole", delay_ms: 1500 }] },
  { when: "", turns: [{ text: "Hello there" }] },
];

let own: Reserved;
let container: Container;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  const server = await readFile(join(repository, "test/support/scripted-model.ts"));
  await container.copyIn("/root/scripted-model.ts", server);
  await container.copyIn("/root/script.json", JSON.stringify(script));
  const argv = ["/usr/bin/node", "/root/scripted-model.ts", "--port", "18080"];
  const files = ["--script", "/root/script.json", "--log", requests];
  await container.must(["systemd-run", "--quiet", "--unit=scripted-model", ...argv, ...files]);
});

afterAll(() => own[Symbol.asyncDispose]());

const chat = (text: string, more: object = {}): string =>
  JSON.stringify({ model: "smart", messages: [{ role: "user", content: text }], ...more });

const ask = (body: string, task = "T"): Promise<string> =>
  container.must(
    ["/usr/bin/node", "--input-type=module", "-e", probe, "/v1/chat/completions", body, task],
    { user: "a-concierge" },
  );

test("without a provider con model test is answered by builtin/reflex", async () => {
  expect(await container.must(["con", "model", "test"])).toContain("builtin/reflex answered");
  expect((await container.exec(["con", "model", "test"], { user: "nobody" })).code).toBe(77);
});

test("a model whose credential is missing is listed as such, and its error says what to do", async () => {
  const url = ["--base-url", "http://127.0.0.1:18080/v1"];
  await container.must(["con", "model", "use", "up/*", ...url, "--credential", "up"]);
  expect(await container.must(["con", "model", "list"])).toContain("con credential set up");
  const result = await container.exec(["con", "model", "test", "smart"]);
  expect(result.code).toBe(69);
  expect(result.stderr).toContain("con credential set up");
});

test("once the credential is set, the next call has it", async () => {
  await container.must(["con", "credential", "set", "up"], { input: `${secret}\n` });
  expect(await container.must(["con", "model", "test", "smart"])).toContain("Hello there");
  const seen = await container.must(["cat", requests]);
  expect(seen).toContain(`Bearer ${secret}`);
  expect(await container.must(["con", "credential", "list"])).toMatch(/up .* up/);
});

test("a stream passes through in order, with our account before its end", async () => {
  const answer = await ask(chat("hi", { stream: true }));
  expect(answer.slice(0, 4)).toBe("200 ");
  const events = answer.slice(4).split("\n\n").slice(0, -1);
  expect(events.at(-1)).toBe("data: [DONE]");
  expect(events.at(-2)).toContain("up/scripted-1");
  const texts = events
    .slice(0, -2)
    .map((event) => JSON.parse(event.slice("data:".length)).choices[0]?.delta.content ?? "");
  expect(texts.join("")).toBe("Hello there");
  expect(await container.must(["cat", requests])).not.toContain("Bearer root");
});

test("while the gateway holds the key, root finds it nowhere else", async () => {
  const search = `needle=$(cat)
    grep -rsaFl --devices=skip -e "$needle" /etc /run /srv /var /tmp /usr/lib/con; true`;
  const found = await container.must(["bash", "-c", search], { input: secret });
  expect(found.trim()).toBe(credential);
  for (const path of [credential, "/etc/con/credentials/up.cred"]) {
    expect((await container.exec(["cat", path], { user: "a-concierge" })).code).not.toBe(0);
  }
});

test("SIGTERM finishes the call under way, and the next call starts it again", async () => {
  const size = (await container.must(["stat", "-c", "%s", requests])).trim();
  const pending = ask(chat("slow"), "draining");
  const arrived = `until [ "$(stat -c %s ${requests})" -gt "$1" ]; do :; done`;
  await container.must(["timeout", "30", "bash", "-c", arrived, "arrived", size]);
  await container.must(["systemctl", "stop", "con-gateway.service"]);
  expect(await pending).toMatch(/^200 .*slow but whole/);
  const state = await container.exec(["systemctl", "is-active", "con-gateway.service"]);
  expect(state.stdout.trim()).toBe("inactive");
  expect(await container.must(["con", "model", "test", "smart"])).toContain("Hello there");
});

test("killed in the middle of a call, it is asked once more and answers", async () => {
  const crash = `size=$(stat -c %s ${requests})
    con task --wait=60 "be slow" & task=$!
    until [ "$(stat -c %s ${requests})" -gt "$size" ]; do :; done
    kill -9 "$(systemctl show --value -p MainPID con-gateway.service)"
    wait $task`;
  expect(await container.must(["timeout", "90", "bash", "-c", crash])).toContain("slow but whole");
});

test("when the key is removed the gateway has it no longer, and can be switched back", async () => {
  await container.must(["con", "credential", "remove", "up"]);
  expect((await container.exec(["con", "model", "test", "smart"])).code).toBe(69);
  expect((await container.exec(["ls", credential])).code).not.toBe(0);
  await container.must(["con", "model", "use", "builtin/reflex"]);
  expect(await container.must(["con", "model", "test", "smart"])).toContain("builtin/reflex");
});
