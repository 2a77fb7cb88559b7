import type { ProcessPool } from "../process/pool.ts";
import type { ProxyOptions, ProxyProcess, RunningEgress } from "./process.ts";

export type StartEgress = ProxyOptions & {
  /** Started with `proxyEnv`. */
  readonly proxies: Pick<ProcessPool<ProxyProcess>, "take" | "release">;
};

/** Start the proxy of one run, in a process that serves no other run until `close`. @throws Error if it does not start */
export async function startEgress({ proxies, ...options }: StartEgress): Promise<RunningEgress> {
  for (;;) {
    const proxy = proxies.take();
    let closing: Promise<void> | null = null;
    try {
      const opened = await proxy.open(options);
      return { ...opened, close: () => (closing ??= opened.close().then(() => proxies.release(proxy))) };
    } catch (error) {
      await proxies.release(proxy);
      // A process that has served another run may have died while it was idle.
      if (proxy.runs === 1) throw error;
    }
  }
}
