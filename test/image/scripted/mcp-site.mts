/**
 * MCP servers at addresses, for a container: one on port 7101, one that nobody is granted on 7102, one with a certificate
 * that nobody vouches for on 7103. Each start and each call is a line of the log.
 *
 * Usage: node mcp-site.mjs LOG KEY CERTIFICATE
 */
import { appendFileSync, readFileSync } from "node:fs";
import { startSite } from "../../tools/mcp/support/http-server.ts";

const [log = "", key = "", cert = ""] = process.argv.slice(2);
const onCall = (name: string): void => appendFileSync(log, `call ${name}\n`);
const tls = { key: readFileSync(key), cert: readFileSync(cert) };
await startSite({ port: 7102, onCall });
await startSite({ port: 7103, tls, onCall });
await startSite({ port: 7101, elsewhere: "http://127.0.0.1:7102/mcp", onCall });
appendFileSync(log, "started\n");
