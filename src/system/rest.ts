/** Waits `ms` milliseconds, or until `over` is aborted. Never rejects, and leaves neither timer nor listener. */
export function rest(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      over.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    over.addEventListener("abort", end, { once: true });
    if (over.aborted) end();
  });
}
