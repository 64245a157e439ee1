/**
 * Changes con.yaml so that aliases use another model: text in, text out, every comment kept. Pure.
 *
 * The result is not valid by itself: whoever writes it parses it first.
 */
import { type Document, isMap, isSeq, parseDocument } from "yaml";

export interface Choice {
  readonly aliases: readonly string[];
  /** `provider/model` or `builtin/reflex`. */
  readonly model: string;
  /** What to write down about the provider; null leaves it as it is. */
  readonly provider: ProviderChoice | null;
  /** Keep the models that an alias has now, as fallbacks. */
  readonly keep: boolean;
}

export interface ProviderChoice {
  readonly name: string;
  readonly baseUrl: string | null;
  readonly credential: string | null;
}

export function chooseModel(text: string, choice: Choice): string {
  const document = parseDocument(text);
  if (choice.provider !== null) setProvider(document, choice.provider);
  for (const alias of choice.aliases) setAlias(document, alias, choice);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function setProvider(document: Document, { name, baseUrl, credential }: ProviderChoice): void {
  const values = {
    ...(baseUrl === null ? {} : { base_url: baseUrl }),
    ...(credential === null ? {} : { credential }),
  };
  if (!isMap(document.get("providers"))) putMap(document, ["providers"], false);
  if (!isMap(document.getIn(["providers", name]))) putMap(document, ["providers", name], true);
  for (const [key, value] of Object.entries(values)) {
    document.setIn(["providers", name, key], value);
  }
}

function putMap(document: Document, path: readonly string[], flow: boolean): void {
  document.setIn(path, document.createNode({}, { flow }));
}

/** Price and context belong to the model that was there, so they go with it. */
function setAlias(document: Document, alias: string, { model, keep }: Choice): void {
  const node = document.getIn(["models", alias]);
  const list = isMap(node) ? node.get("use") : node;
  const before = isSeq(list) ? list.toJSON().map(String) : [];
  const after = [model, ...(keep ? before.filter((one: string) => one !== model) : [])];
  if (isSeq(list)) list.items = after.map((one) => document.createNode(one));
  else document.setIn(["models", alias], document.createNode(after, { flow: true }));
  if (!isMap(node) || before[0] === model) return;
  node.delete("usd_per_million");
  node.delete("context");
}
