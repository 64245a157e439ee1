/** What waits for people, in a few words. Pure; whoever prints it escapes it. */
import { continueTool } from "../../config/brakes.ts";
import type { StewardRequest } from "../types.ts";
import type { Approval } from "./types.ts";

/** `tool shell`, the verb of a request, or `spend another 0.50 USD (beyond 1.00 USD) on task …`. */
export function subjectInWords({ subject }: Pick<Approval, "subject">): string {
  switch (subject.kind) {
    case "tool":
      return subject.tool === continueTool
        ? `go on with task ${subject.task}`
        : `tool ${subject.tool}`;
    case "request":
      return requestInWords(subject.request);
    case "spend": {
      const { unit, amount, beyond, task } = subject;
      const [more, before] = [amount, beyond].map((one) => shownAmount(unit, one));
      return `spend another ${more} (beyond ${before}) on task ${task}`;
    }
  }
}

function requestInWords(request: StewardRequest): string {
  switch (request.verb) {
    case "propose":
      return `change its own ${request.target}`;
    case "share_tool":
      return `share its tool ${request.tool}, version ${request.revision}`;
    default:
      return request.verb;
  }
}

/** Cents, and more digits only where cents would show nothing. */
function shownAmount(unit: "usd" | "tokens", amount: number): string {
  if (unit === "tokens") return `${Math.round(amount)} tokens`;
  const usd =
    amount !== 0 && amount < 0.1 ? String(Number(amount.toPrecision(2))) : amount.toFixed(2);
  return `${usd} USD`;
}
