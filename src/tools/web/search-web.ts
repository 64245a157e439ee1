/** Asks a search engine of con.yaml, through con's browser, which alone has its key. */
import { numberOr, refused, text } from "../answer.ts";
import type { Tool } from "../tool.ts";
import { notFetched } from "./fetch-webpage.ts";
import { framed } from "./framed.ts";

const defaultCount = 8;

export const searchWeb: Tool = {
  name: "search_web",
  description:
    "Searches the web and gives titles, addresses and a few words of each hit; read a page with fetch_webpage.",
  parameters: {
    type: "object",
    properties: {
      query: {
        type: "string",
        minLength: 1,
        maxLength: 1000,
        description: "As for a search engine",
      },
      count: {
        type: "integer",
        minimum: 1,
        maximum: 50,
        description: `Hits (default ${defaultCount})`,
      },
    },
    required: ["query"],
    additionalProperties: false,
  },
  parallel: true,
  async run(args, context) {
    if (context.web === undefined) return refused("there is no browser here");
    const query = text(args, "query");
    const count = numberOr(args, "count", defaultCount);
    const { answer } = await context.web({ verb: "search", query, count }, context.signal);
    if (answer.kind === "none") return notFetched(context, "search_web", `search ${query}`, answer);
    if (answer.kind !== "results") return refused("the browser answered another question");
    const { engine, hits } = answer;
    const lines = hits.map(({ title, url, snippet }, index) =>
      [`${index + 1}. ${oneLine(title)}`, `   ${oneLine(url)}`, `   ${oneLine(snippet)}`].join(
        "\n",
      ),
    );
    const found = lines.length === 0 ? "(nothing was found)" : lines.join("\n");
    return { ok: true, text: framed({ about: { engine, query }, text: found }), untrusted: true };
  },
};

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
