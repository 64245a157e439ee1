/**
 * The gateway through its life in the booted system: no key yet, a key, another configuration, a stop and a
 * crash in the middle of a call, the key gone again. The model is a scripted server inside the container.
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
  { when: "hang", turns: [{ text: "half of it", hang: true }] },
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

const probing = (body: string, task: string): string[] => [
  ...["/usr/bin/node", "--input-type=module", "-e", probe, "/v1/chat/completions", body, task],
];

const ask = (body: string, task = "T", user = "a-concierge"): Promise<string> =>
  container.must(probing(body, task), { user });

/** A stream that does not end until `ends` is called. */
async function hangingCall(): Promise<{
  ends: () => Promise<string>;
  state: () => Promise<string>;
}> {
  const size = (await container.must(["stat", "-c", "%s", requests])).trim();
  const argv = probing(chat("hang", { stream: true }), "hanging");
  await container.must(["systemd-run", "--quiet", "--unit=hanging", "--uid=a-concierge", ...argv]);
  await container.must(["timeout", "90", "bash", "-c", arrived, "arrived", size]);
  return {
    ends: () => container.must(["systemctl", "stop", "hanging.service"]),
    state: async () => (await container.exec(["systemctl", "is-active", "hanging.service"])).stdout,
  };
}

const arrived = `until [ "$(stat -c %s ${requests})" -gt "$1" ]; do :; done`;

const pid = (): Promise<string> =>
  container.must(["systemctl", "show", "--value", "-p", "MainPID", "con-gateway.service"]);

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
    grep -rsaFl --devices=skip --exclude-dir=con-proc -e "$needle" /etc /run /srv /var /tmp /usr/lib/con; true`;
  const found = await container.must(["bash", "-c", search], { input: secret });
  expect(found.trim()).toBe(credential);
  for (const path of [credential, "/etc/con/credentials/up.cred"]) {
    expect((await container.exec(["cat", path], { user: "a-concierge" })).code).not.toBe(0);
  }
});

test("SIGTERM finishes the call under way, and the next call starts it again", async () => {
  const size = (await container.must(["stat", "-c", "%s", requests])).trim();
  const pending = ask(chat("slow"), "draining");
  await container.must(["timeout", "90", "bash", "-c", arrived, "arrived", size]);
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

const late = (model: string): string =>
  `name: late\ntier: worker\ndescription: Comes late\nmodel: ${model}\n`;

test("an agent that comes while a call hangs can call at once, and loses its alias at once", async () => {
  const hanging = await hangingCall();
  const before = await pid();
  await container.copyIn("/tmp/late.yaml", late("smart"));
  await container.must(["con", "agent", "add", "/tmp/late.yaml"]);
  expect(await ask(chat("hi"), "T", "a-late")).toMatch(/^200 .*Hello there/);
  await container.copyIn("/etc/con/agents.d/late.yaml", late("fast"));
  await container.must(["con", "bootstrap"]);
  expect(await ask(chat("hi"), "T", "a-late")).toMatch(/^404 .*it may use: fast/);
  expect(await ask(chat("hi", { model: "fast" }), "T", "a-late")).toMatch(/^200 /);
  expect([await pid(), await hanging.state()]).toEqual([before, "active\n"]);
  await hanging.ends();
  await container.must(["con", "agent", "remove", "late"]);
});

test("a damaged configuration changes nothing, and is told once", async () => {
  const path = "/var/lib/con/compiled/gateway.json";
  expect(await ask(chat("hi"))).toMatch(/^200 /);
  const damage = 'head -c 300 "$1" >"$1.new" && chmod 640 "$1.new" && chgrp con-gateway "$1.new"';
  await container.must(["bash", "-c", `${damage} && mv "$1.new" "$1"`, "damage", path]);
  expect(await ask(chat("hi"))).toMatch(/^200 /);
  expect(await ask(chat("hi"))).toMatch(/^200 /);
  const journal = ["journalctl", "-u", "con-gateway.service", "-o", "cat", "--no-pager"];
  const told = (await container.must(journal)).split("\n");
  expect(told.filter((line) => line.includes("cannot be used: the one before holds"))).toEqual([
    expect.stringContaining("run con bootstrap as root"),
  ]);
  await container.must(["con", "bootstrap"]);
  expect(await ask(chat("hi"))).toMatch(/^200 /);
});

test("a provider with another key is a restart away, which bootstrap makes", async () => {
  await container.must(["con", "credential", "set", "second"], { input: `${secret}-2\n` });
  expect(await ask(chat("hi"))).toMatch(/^200 /);
  const before = await pid();
  const path = "/etc/con/con.yaml";
  const written = await container.must(["cat", path]);
  const provider = '  second: {base_url: "http://127.0.0.1:18080/v1", credential: second}';
  const changed = written
    .replace(/^providers:$/m, `providers:\n${provider}`)
    .replace(/^models:$/m, "models:\n  other: [second/scripted-1]");
  expect(changed).toContain("other: [second");
  await container.copyIn(path, changed);
  await container.must(["con", "bootstrap"]);
  expect(await container.must(["con", "model", "test", "other"])).toContain("Hello there");
  expect(await pid()).not.toBe(before);
  expect(await container.must(["cat", requests])).toContain(`Bearer ${secret}-2`);
  await container.copyIn(path, written);
  await container.must(["con", "credential", "remove", "second"]);
});

test("when the key is removed the gateway has it no longer, and can be switched back", async () => {
  await container.must(["con", "credential", "remove", "up"]);
  expect((await container.exec(["con", "model", "test", "smart"])).code).toBe(69);
  expect((await container.exec(["ls", credential])).code).not.toBe(0);
  await container.must(["con", "model", "use", "builtin/reflex"]);
  expect(await container.must(["con", "model", "test", "smart"])).toContain("builtin/reflex");
});
