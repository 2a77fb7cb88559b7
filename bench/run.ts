import { messageOf } from "@tac8/core/domain/messageOf";
import type { Bench, Figure } from "./bench.ts";
import type { Results, Row } from "./results.ts";

export interface Measured extends Pick<Results, "rows" | "failed"> {
  readonly rows: Row[];
}

/** Measure one figure after the other. If a figure fails, record the failure and continue with the next one. */
export async function measureAll(figures: readonly Figure[], bench: Bench): Promise<Measured> {
  const rows: Row[] = [];
  const failed: { figure: string; message: string }[] = [];
  for (const { name, limitMinutes, measure } of figures) {
    bench.signal.throwIfAborted();
    const startedAt = performance.now();
    const report = (line: string) => bench.report(`${name}: ${line}`);
    const limit = new AbortController();
    const late = setTimeout(
      () => limit.abort(new Error(`abandoned after ${limitMinutes} minutes`)),
      limitMinutes * 60_000,
    );
    try {
      report("started");
      rows.push(...(await measure({ ...bench, report, signal: AbortSignal.any([bench.signal, limit.signal]) })));
      report(`measured in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    } catch (error) {
      bench.signal.throwIfAborted();
      const message = messageOf(error);
      report(`failed: ${message}`);
      failed.push({ figure: name, message: message.split("\n")[0] ?? message });
    } finally {
      clearTimeout(late);
    }
  }
  return { rows, failed };
}
