/**
 * Can the endpoints of the configuration be reached? One request for the list of models, without a key, within
 * five seconds; any answer of HTTP is enough. Never: sends a key, follows a redirect, or shows an answer.
 */
import http from "node:http";
import https from "node:https";
import type { Provider } from "../../config/types.ts";
import { bad, type Finding, fine } from "./check.ts";

const deadlineMs = 5_000;

export async function checkProviders(
  providers: Readonly<Record<string, Provider>>,
  offline: boolean,
): Promise<Finding[]> {
  const names = Object.keys(providers).sort();
  if (names.length === 0) return [fine("providers", "none configured")];
  if (offline) return [fine("providers", `${names.length} not tried (--offline)`)];
  return Promise.all(
    names.map(async (name): Promise<Finding> => {
      const what = `provider ${name}`;
      const baseUrl = providers[name]?.baseUrl ?? "";
      const host = URL.parse(baseUrl)?.host ?? baseUrl;
      const why = await reach(baseUrl);
      if (why === null) return fine(what, `${host} answers`);
      return bad(what, `${host} cannot be reached: ${why}`, remedyFor(why, baseUrl, name));
    }),
  );
}

/** Null when it answers; otherwise an errno, a code of TLS, or what else went wrong. */
function reach(baseUrl: string, ms = deadlineMs): Promise<string | null> {
  const url = URL.parse(`${baseUrl.replace(/\/+$/, "")}/models`);
  if (url === null) return Promise.resolve("its base_url is no URL");
  const client = url.protocol === "http:" ? http : https;
  return new Promise((resolve) => {
    const limit = AbortSignal.timeout(ms);
    const asked = client.get(url, { agent: false, signal: limit }, (response) => {
      response.destroy();
      resolve(null);
    });
    asked.once("error", (error: NodeJS.ErrnoException) =>
      resolve(limit.aborted ? `no answer within ${ms / 1000} s` : (error.code ?? "an error")),
    );
  });
}

function remedyFor(why: string, baseUrl: string, name: string): string {
  const host = URL.parse(baseUrl)?.hostname ?? "HOST";
  if (why === "ENOTFOUND" || why === "EAI_AGAIN")
    return `getent hosts ${host}; see /etc/resolv.conf; see providers.${name}.base_url in /etc/con/con.yaml`;
  if (/CERT|TLS|SSL/.test(why))
    return "timedatectl; update-ca-certificates: name or time may be wrong";
  return `curl -v ${baseUrl}/models; see providers.${name}.base_url in /etc/con/con.yaml`;
}
