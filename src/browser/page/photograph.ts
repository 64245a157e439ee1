/** A picture of a page, small enough for the models that look at it. */
import type { Page } from "playwright-core";
import { reasonOf } from "../../system/errors.ts";

export const viewport = { width: 1280, height: 900 };

/** As high as a person scrolls, and no bigger than what models look at. */
const maxHeight = 5_000;
const maxPng = 3_400_000;

/** Null where there is none, and then a note says why. */
export async function photograph(page: Page, notes: Set<string>): Promise<Buffer | null> {
  const plain = { type: "png", animations: "disabled", caret: "hide", timeout: 10_000 } as const;
  try {
    const height = await page.evaluate("document.documentElement.scrollHeight");
    const high = Math.min(Math.max(Number(height) || 0, viewport.height), maxHeight);
    const clip = { x: 0, y: 0, width: viewport.width, height: high };
    const all = await page.screenshot({ ...plain, fullPage: true, clip });
    if (all.length <= maxPng) return all;
    notes.add("the screenshot shows the top of the page only");
    const top = await page.screenshot(plain);
    return top.length <= maxPng ? top : null;
  } catch (error) {
    notes.add(`no screenshot: ${reasonOf(error).split("\n")[0]?.slice(0, 200)}`);
    return null;
  }
}
