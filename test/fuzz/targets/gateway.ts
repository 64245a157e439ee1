/**
 * Raw bytes to the real gateway, on its socket: every answer is well-formed HTTP or none, nothing is refused as a fault
 * of ours, and the next caller is served.
 */
import net from "node:net";
import { openWorld } from "../../gateway/world.ts";
import type { Random } from "../support/random.ts";
import { demand, type Subject, type Target } from "../support/target.ts";
import { anyJson } from "../support/values.ts";

const uid = 4242;

function request(random: Random): Buffer {
  const [method, path] = random.pick([
    ["POST", "/v1/chat/completions"],
    ["POST", "/v1/embeddings"],
    ["POST", "/con/audit"],
    ["POST", "/con/allow"],
    ["GET", "/v1/models"],
    ["GET", "/constructor"],
    ["OPTIONS", "*"],
    ["CONNECT", "127.0.0.1:1"],
  ] as const);
  const body = random.chance(6) ? "{" : JSON.stringify(bodyOf(random));
  const length = random.chance(10)
    ? random.pick(["-1", "5", "1e3", "99"])
    : Buffer.byteLength(body);
  const headers = [
    random.chance(12) ? "" : "host: gateway",
    random.chance(20) ? "transfer-encoding: chunked" : `content-length: ${length}`,
    random.chance(4)
      ? `x-con-task: ${random.pick(["t", "x".repeat(300), "é", "a\tb"])}`
      : "connection: close",
    random.chance(20) ? "expect: 100-continue" : "content-type: application/json",
    random.chance(20) ? "upgrade: websocket\r\nconnection: upgrade" : "accept: */*",
  ];
  const head = [`${method} ${path} HTTP/1.${random.int(2)}`, ...headers.filter(Boolean)];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Never an alias that it may use: the upstream is not what is fuzzed. */
function bodyOf(random: Random): unknown {
  const model = random.pick(["other", "__proto__", "", 5, "smart\n"]);
  const message = { role: "user", content: anyJson(random, 2) };
  const call = {
    model,
    messages: [message],
    stream: anyJson(random, 0),
    tools: anyJson(random, 2),
  };
  const events = [{ kind: "step", stream: "s", n: 1, task: "t" }, anyJson(random, 2)];
  return random.pick([call, { model, input: anyJson(random, 1) }, { events }, anyJson(random)]);
}

export const gateway: Target = {
  name: "gateway",
  patience: { ms: 1000, msPerByte: 0.05 },
  open: async (): Promise<Subject> => {
    const world = await openWorld([], { readPeer: () => ({ pid: 1, uid, gid: uid }) });
    let count = 0;
    return {
      corpus: [
        Buffer.from("GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        Buffer.from(
          'POST /con/audit HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{"events":[]}',
        ),
        Buffer.from(
          "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ),
      ],
      generate: request,
      check: async (input) => {
        const answer = await exchange(world.socket, input);
        const shaped = answer === "" || /^HTTP\/1\.[01] [1-5]\d\d /.test(answer);
        demand(shaped, `it answers ${JSON.stringify(answer.slice(0, 100))}`);
        demand(
          !/^HTTP\/1\.[01] 500 /.test(answer),
          `a fault of ours: ${answer.slice(-200)} ${world.logged.at(-1)}`,
        );
        count += 1;
        if (count % 500 === 0) {
          const { status } = await world.raw("/v1/models", null);
          demand(status === 200, `the next caller gets ${status}`);
          world.logged.length = 0;
        }
        return answer.startsWith("HTTP/1.1 200");
      },
      close: world.close,
    };
  },
};

/** Sends all, says that this was all, and reads to the end. */
function exchange(path: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = net.connect({ path, allowHalfOpen: true }, () => socket.end(bytes));
    socket.setEncoding("latin1");
    socket.on("data", (part: string) => {
      answer += part;
    });
    socket.on("end", () => resolve(answer));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE" || error.code === "ECONNRESET") resolve(answer);
      else reject(error);
    });
    socket.on("close", () => resolve(answer));
  });
}
