import type { Mutant } from "../mutant.ts";
import { CORE, SCHEDULER } from "../folders.ts";

export const notifications: readonly Mutant[] = [
  {
    name: "runbook-kind",
    file: `${CORE}/domain/healthKinds.ts`,
    find: '  "lag",',
    replace: '  "lag",\n  "clock",',
    test: { file: `${CORE}/health/runbook.test.ts`, name: "the runbook has a section" },
    promise: "every reason of health is in the runbook",
  },
  {
    name: "alert-metric",
    file: "apps/board/src/metrics/work.ts",
    find: 'name: "tac8_cost_usd_total"',
    replace: 'name: "tac8_costs_usd_total"',
    test: { file: "apps/board/src/metrics/metrics.int.test.ts", name: "every metric that the dashboard" },
    promise: "alerts ask only for metrics that are exported",
  },
  {
    name: "notified-once",
    file: `${SCHEDULER}/notify/deliver.ts`,
    find: "const marked = await replacePending(redis, entry, { sendingSince: now() });",
    replace: "const marked: StoredPending | null = entry;",
    test: { file: `${SCHEDULER}/notify/notify.int.test.ts`, name: "a scheduler that is killed while it sends" },
    promise: "each target receives a message at most once, even if the scheduler is restarted or killed",
  },
  {
    name: "unreachable-target",
    file: `${SCHEDULER}/notify/deliver.ts`,
    find: "if (now() < (quiet.get(target.name)?.until ?? 0)) return;",
    replace: "",
    test: {
      file: `${SCHEDULER}/notify/notify.int.test.ts`,
      name: "an unreachable target is retried with increasing waits, and does not delay the others",
    },
    promise: "a target that is unreachable delays no other target",
  },
];
