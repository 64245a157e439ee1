/**
 * The last message of a request, and of that request only: what time it is, and how full the window is. Pure.
 *
 * It is not in the journal and not in the conversation, so that all before it stays the same from call to call
 * and providers find it in their caches.
 */
import type { Message } from "../../model/types.ts";

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** `percent`: how full the window is, where the model is to be told; else null. */
export function tailMessage(now: Date, percent: number | null): Message {
  const lines = [`[From the runner, with this request only. Now: ${clock(now)}.`];
  if (percent !== null)
    lines.push(
      `${percent} % of your context window is used. Soon the oldest part of this conversation is replaced by a`,
      "summary: say or write down now what must not be lost, and finish what is nearly finished.",
    );
  return { role: "user", content: `${lines.join("\n")}]` };
}

/** `Saturday 2026-11-21 18:05 UTC+01:00`, where this machine is. */
function clock(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const offset = -now.getTimezoneOffset();
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const zone = `UTC${offset < 0 ? "-" : "+"}${two(hours)}:${two(minutes)}`;
  return `${days[now.getDay()]} ${date} ${two(now.getHours())}:${two(now.getMinutes())} ${zone}`;
}
