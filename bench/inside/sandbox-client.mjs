/** One run in a throw-away sandbox, from the connection to its result; resolves with the milliseconds. */
import net from "node:net";

function frame(kind, text) {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export function runInSandbox(language, code) {
  const header = {
    version: 1,
    language,
    ...{ arguments: [], files: [], outputs: [], layers: [], timeoutSeconds: 60, memoryMb: 512 },
  };
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const socket = net.connect("/run/con/sandbox/socket");
    const parts = [];
    socket.write(
      Buffer.concat([frame("h", JSON.stringify(header)), frame("b", code), frame("b", "")]),
    );
    socket.on("data", (part) => {
      parts.push(part);
      if (!Buffer.concat(parts).includes('"ending"')) return;
      const took = performance.now() - from;
      socket.destroy();
      if (Buffer.concat(parts).includes('"kind":"exit","code":0')) resolve(took);
      else reject(new Error(Buffer.concat(parts).toString()));
    });
    socket.on("error", reject);
  });
}
