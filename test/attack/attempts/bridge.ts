/** Attempts of a program at the bridge to its models: the gateway's other doors, and those of other tasks. */
import { attempt, type Group } from "../table.ts";
import { chat, deep } from "./network.ts";

const token = "\nauthorization: Bearer {token}";
const [url, small] = [
  "/v1/chat/completions",
  '{"model":"smart","messages":[{"role":"user","content":"[]"}]}',
];
const toBridge = (headers: string, body = small, path = url) => ({
  head: chat(headers).head.replace(url, path),
  body,
});

const atBridge: readonly (readonly [
  string,
  ReturnType<typeof toBridge>,
  readonly string[],
  string,
])[] = [
  ["no token", toBridge(""), ["401"], "another task's model calls"],
  ["a token like the right one", toBridge(`${token}0`), ["401"], "another task's model calls"],
  [
    "a line for the audit trail",
    toBridge(token, '{"events":[]}', "/con/audit"),
    ["404"],
    "the record of what was done",
  ],
  ["an approval", toBridge(token, "{}", "/con/allow"), ["404"], "spending without people"],
  ["a path out", toBridge(token, "{}", "/v1/../con/audit"), ["404"], "the gateway's other doors"],
  ["two lengths", toBridge(`${token}\ncontent-length: 5`), ["400"], "requests hidden in requests"],
  [
    "JSON without end of nesting",
    toBridge(token, `{"model":"smart","messages":${"[".repeat(deep)}${"]".repeat(deep)}}`),
    ["400", "413"],
    "the runner's stack",
  ],
  [
    "values without end",
    toBridge(token, `{"model":"smart","messages":[${"[],".repeat(2_500_000)}[]]}`),
    ["400", "413"],
    "the runner's memory",
  ],
  [
    "a model that its manifest does not name",
    toBridge(token, small.replace("smart", "other")),
    ["400", "403", "404"],
    "money",
  ],
];

export const bridgeGroup: Group = {
  title: "The bridge to the models of a program",
  attempts: atBridge.map(([name, bytes, refusals, loses]) =>
    attempt({
      name: `to the bridge: ${name}`,
      loses,
      stops: "the bridge knows the task's token and model calls, and nothing else",
      deed: "bridge",
      with: () => bytes,
      from: ["program"],
      refusals,
      control: { as: "there", with: () => toBridge(token) },
    }),
  ),
};
