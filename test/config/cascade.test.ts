/** `cascade:` of con.yaml and manifests: off until named, and never beyond the grants. */
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

const models =
  "models: {fast: [builtin/reflex], smart: [builtin/reflex], expert: [builtin/reflex]}\n";
const head = "name: x\ntier: operator\ndescription: d\n";

function parse(manifest: string, con = "") {
  const desk = "name: concierge\ntier: operator\ndescription: front desk\n";
  const { config, problems } = parseConfig({
    system: { path: "con.yaml", text: `${models}${con}` },
    agents: [
      { path: "agents.d/concierge.yaml", text: desk },
      { path: "agents.d/x.yaml", text: `${head}${manifest}` },
    ],
  });
  const agent = config?.agents.find(({ name }) => name === "x");
  return { agent, why: problems.map(({ key, why }) => `${key}: ${why}`) };
}

const route = "{fast: fast, balanced: smart, strong: expert}";

test("nothing is on that nobody named", () => {
  expect(parse("").agent?.cascade).toBeUndefined();
  expect(parse("cascade: {}\n").agent?.cascade).toBeUndefined();
  expect(parse("cascade: {cache: {ttl: 1h}}\n").agent?.cascade).toBeUndefined();
});

test("a layer gets its defaults", () => {
  const all = `can: {models: [fast, expert], read: [/srv/con/artifacts/handbook/**]}
cascade:
  reflex: true
  cache: {exact: true, semantic: 0.95}
  documents: {paths: [/srv/con/artifacts/handbook/**]}
  route: ${route}
  escalate: true
  learn: true
`;
  expect(parse(all)).toMatchObject({ why: [] });
  expect(parse(all).agent?.cascade).toEqual({
    reflex: true,
    cache: { exact: true, semantic: 0.95, ttlSeconds: 3600, max: 200 },
    documents: { paths: ["/srv/con/artifacts/handbook"], answer: 0.85, augment: 0.6 },
    route: { fast: "fast", balanced: "smart", strong: "expert" },
    escalate: true,
    learn: true,
  });
});

test("a manifest's word takes the place of con.yaml's, layer by layer", () => {
  const con = "cascade: {reflex: true, cache: {exact: true}}\n";
  expect(parse("", con).agent?.cascade).toMatchObject({ reflex: true, cache: { exact: true } });
  const own = parse("cascade: {cache: false, learn: true}\n", con).agent?.cascade;
  expect(own).toMatchObject({ reflex: true, cache: null, learn: true });
  expect(parse("cascade: {reflex: false, cache: false}\n", con).agent?.cascade).toBeUndefined();
});

test("what con.yaml names for all is left out where there is no grant", () => {
  const con = `cascade: {documents: {paths: [/srv/con/artifacts/a/**, /srv/con/artifacts/b/**]}, route: ${route}, escalate: true}\n`;
  expect(parse("", con)).toMatchObject({ why: [] });
  expect(parse("", con).agent?.cascade).toBeUndefined();
  const some = parse("can: {read: [/srv/con/artifacts/b], models: [fast]}\n", con).agent?.cascade;
  expect(some?.documents?.paths).toEqual(["/srv/con/artifacts/b"]);
  expect(some?.route).toEqual({ fast: "fast", balanced: "smart", strong: "smart" });
});

test.each([
  [
    "documents: {paths: [/srv/con/artifacts/a/**]}",
    "documents.paths.0: /srv/con/artifacts/a/** is not in",
  ],
  ["documents: {paths: [/etc]}", "documents.paths.0: "],
  [`route: ${route}`, "route.fast: fast is neither its own model nor in can.models"],
  [
    "route: {fast: none, balanced: smart, strong: smart}",
    "route.fast: there is no model alias none",
  ],
  ["escalate: true", "escalate: there is no route"],
  ["cache: {exact: true, ttl: 48h}", "cache.ttl: 48h is more than a day"],
  ["cache: {semantic: 0.5}", "cache.semantic: "],
  ["cache: true", "cache: "],
  ["cash: true", "cash: "],
])("a manifest is refused with %s", (text, why) => {
  const found = parse(`cascade: {${text}}\n`);
  expect(found.agent).toBeUndefined();
  expect(found.why.some((one) => one.startsWith(`cascade.${why}`))).toBe(true);
});
