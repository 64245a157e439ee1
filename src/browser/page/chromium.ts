/**
 * Renders one page in Chromium: a fresh profile, its own sandbox on, no network but the proxy, no download, no
 * dialog that waits, no second window.
 *
 * Takes what is there when the page has settled, or when the patience is over. Throws nothing that a page can cause.
 */
import type { Browser, Page, Response } from "playwright-core";
import { reasonOf } from "../../system/errors.ts";
import { refusalHeader } from "../proxy.ts";
import { photograph, viewport } from "./photograph.ts";
import { type Snapshot, snapshot } from "./snapshot.ts";

export const chromiumPath = "/usr/lib/chromium/chromium";

export interface RenderOptions {
  readonly url: string;
  readonly proxyPort: number;
  readonly screenshot: boolean;
  readonly patienceMs: number;
  readonly now: () => number;
}

export type Rendered =
  | {
      readonly ok: true;
      readonly url: string;
      readonly status: number;
      readonly html: string;
      readonly screenshot: Buffer | null;
      readonly notes: readonly string[];
    }
  /** `download`: it is a file after all. */
  | { readonly ok: false; readonly code: "refused" | "failed" | "download"; readonly why: string };

const maxHtml = 8 * 1024 * 1024;
/** A page that is still busy then is as good as it gets. */
const idleMs = 5_000;
const maxNavigations = 20;

const flags = [
  "--disable-quic",
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--disable-gpu",
  "--disable-features=AutofillServerCommunication,MediaRouter,OptimizationHints,Translate,DialMediaRouteProvider",
  "--no-pings",
  "--js-flags=--max-old-space-size=512",
];

export async function render(options: RenderOptions): Promise<Rendered> {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    chromiumSandbox: true,
    // Loopback too goes to the proxy, which refuses it.
    proxy: { server: `http://127.0.0.1:${options.proxyPort}`, bypass: "<-loopback>" },
    args: options.screenshot ? flags : [...flags, "--blink-settings=imagesEnabled=false"],
  });
  try {
    return await renderIn(browser, options);
  } finally {
    await browser.close();
  }
}

async function renderIn(browser: Browser, options: RenderOptions): Promise<Rendered> {
  const [major] = browser.version().split(".");
  const context = await browser.newContext({
    viewport,
    acceptDownloads: false,
    serviceWorkers: "block",
    userAgent: userAgentOf(major ?? "0"),
  });
  const page = await context.newPage();
  const notes = new Set<string>();
  context.on("page", (other) => {
    notes.add("it opened another window, which was closed");
    void other.close();
  });
  page.on("dialog", (dialog) => {
    notes.add("it showed a dialog, which was dismissed");
    // It may be gone with its page.
    dialog.dismiss().catch(() => undefined);
  });
  let last: Response | null = null;
  let navigations = 0;
  page.on("response", (response) => {
    if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return;
    last = response;
    navigations += 1;
  });
  const deadline = options.now() + options.patienceMs;
  const trouble = await go(page, options.url, options.patienceMs);
  if (trouble !== null && trouble !== "timeout") return troubled(trouble);
  if (trouble === "timeout") notes.add("it had not finished loading");
  else if (!(await settle(page, Math.min(idleMs, deadline - options.now()))))
    notes.add("it was still busy");
  const main = last as Response | null;
  if (main !== null && (await isRefusal(main)))
    return { ok: false, code: "refused", why: "the proxy refused it" };
  if (navigations > maxNavigations)
    return { ok: false, code: "failed", why: "the page leads to itself or others without end" };
  const shot = await look(page);
  if (shot === null) return { ok: false, code: "failed", why: "the page could not be looked at" };
  if (shot.cut) notes.add("the page is longer than what was taken of it");
  const url = page.url();
  if (!/^https?:/.test(url))
    return { ok: false, code: "failed", why: "the page led to an address that is not of the web" };
  return {
    ok: true,
    url,
    status: main?.status() ?? 0,
    html: shot.html,
    screenshot: options.screenshot ? await photograph(page, notes) : null,
    notes: [...notes],
  };
}

/** What comes through a tunnel, the proxy does not see: there a site says what it likes. */
const isRefusal = async (main: Response): Promise<boolean> =>
  main.url().startsWith("http:") && (await main.allHeaders())[refusalHeader] !== undefined;

export const userAgentOf = (major: string): string =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;

async function go(page: Page, url: string, patienceMs: number): Promise<string | null> {
  try {
    await page.goto(url, { waitUntil: "domcontentloaded", timeout: patienceMs });
    return null;
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") return "timeout";
    return reasonOf(error);
  }
}

function troubled(trouble: string): Rendered {
  if (/Download is starting|net::ERR_ABORTED/.test(trouble))
    return { ok: false, code: "download", why: "it is a download" };
  const word = /net::(ERR_[A-Z0-9_]+)/.exec(trouble)?.[1];
  return { ok: false, code: "failed", why: word ?? trouble.split("\n")[0]?.slice(0, 300) ?? "" };
}

/** False when it went on loading. */
async function settle(page: Page, ms: number): Promise<boolean> {
  try {
    await page.waitForLoadState("networkidle", { timeout: Math.max(1, ms) });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") return false;
    // The page went away; what is there is looked at next.
    return false;
  }
}

const looks = 3;

const expression = `(${snapshot.toString()})(${maxHtml})`;

/** In a world of its own; again when the page goes on to another meanwhile. */
async function look(page: Page): Promise<Snapshot | null> {
  for (let round = 0; round < looks; round++) {
    try {
      return await lookOnce(page);
    } catch (error) {
      if (round + 1 === looks && page.isClosed()) return null;
      if (round + 1 === looks) throw error;
      await settle(page, 1_000);
    }
  }
  return null;
}

async function lookOnce(page: Page): Promise<Snapshot> {
  const session = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await session.send("Page.getFrameTree");
    const { executionContextId } = await session.send("Page.createIsolatedWorld", {
      frameId: frameTree.frame.id,
      worldName: "con",
    });
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
      expression,
      contextId: executionContextId,
      returnByValue: true,
      timeout: 10_000,
    });
    if (exceptionDetails !== undefined)
      throw new Error(`${exceptionDetails.text} ${exceptionDetails.exception?.description ?? ""}`);
    return result.value as Snapshot;
  } finally {
    await session.detach().catch(() => undefined);
  }
}
