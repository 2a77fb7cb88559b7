import { describe, expect, it, test } from "vitest";
import {
  admissionText,
  OPEN,
  slotsWhenOpen,
  planAdmission,
  slotsFor,
  type Admission,
  type AdmissionFacts,
} from "./admission.ts";
import type { Reason } from "./healthLevels.ts";
import type { Hold } from "./holds.ts";
import type { HostReading } from "./host.ts";

const FINE: HostReading = {
  dataFolder: null,
  clock: null,
  freeMemoryMb: 4000,
  freeDiskGb: 50,
  loadPerCore: 1,
  temperatureC: 50,
};
const limits = { min_free_memory_mb: 512, min_free_disk_gb: 1, max_load_per_core: 6, max_temperature_c: 80 };
const hold = (name: string, by = "scheduler"): Hold => ({ name, reason: "why", by, since: 1, until: null });
const pause = { by: "ann@pi", reason: "an upgrade", since: 1 };
const slow = (host: string | null, code = "failures", change: Partial<Reason> = {}): Reason => {
  return { level: "degraded", code, text: `${code} is wrong`, action: "slow", host, ...change };
};

interface Given {
  readonly holds?: readonly Hold[];
  readonly probing?: boolean;
  readonly reasons?: readonly Reason[];
}
const queue = ({ holds = [], probing = false, reasons = [] }: Given): AdmissionFacts => {
  return { queue: { holds, probing }, runner: null, reasons };
};
const runner = (
  change: Partial<NonNullable<AdmissionFacts["runner"]>>,
  reasons: readonly Reason[] = [],
): AdmissionFacts => {
  return {
    queue: null,
    runner: { host: "pi-1", pause: null, reading: FINE, limits, before: OPEN, ...change },
    reasons,
  };
};
const low = (freeDiskGb: number) => ({ reading: { ...FINE, freeDiskGb } });

const CASES: readonly (readonly [name: string, facts: AdmissionFacts, text: string])[] = [
  ["nothing in the way of the queue", queue({}), "open"],
  ["an operator's pause of all", queue({ holds: [hold("operator", "ann@pi")] }), "closed: paused by ann@pi: why"],
  ["a hold", queue({ holds: [hold("usage-limit")] }), "closed: hold usage-limit: why"],
  ["a hold of one repository, which placement knows", queue({ holds: [hold("repo:octo/hello")] }), "open"],
  [
    "two holds",
    queue({ holds: [hold("auth"), hold("repo:octo/hello"), hold("health")] }),
    "closed: hold auth: why, hold health: why",
  ],
  ["the breaker probes", queue({ probing: true }), "half open: the breaker is running one probe job"],
  ["a hold while the breaker probes", queue({ probing: true, holds: [hold("budget")] }), "closed: hold budget: why"],
  ["many failures", queue({ reasons: [slow(null)] }), "half open: failures is wrong"],
  ["another reason, such as no runner", queue({ reasons: [slow(null, "no-runner", { action: null })] }), "open"],
  ["a warning", queue({ reasons: [slow(null, "failures", { level: "warning" })] }), "open"],
  ["what is to be a hold, before it is one", queue({ reasons: [slow(null, "disk-full", { action: "hold" })] }), "open"],
  ["one machine's trouble is not the queue's", queue({ reasons: [slow("pi-1", "lag:pi-1/0")] }), "open"],

  ["nothing in the way of a runner", runner({}), "open"],
  ["its operator's pause", runner({ pause }), "closed: paused by ann@pi: an upgrade"],
  ["a pause without a reason", runner({ pause: { ...pause, reason: "" } }), "closed: paused by ann@pi"],
  ["a machine with little", runner(low(1.5)), "half open: only 1.5 GB of free disk space"],
  ["a machine with too little", runner(low(0.5)), "closed: only 0.5 GB of free disk space"],
  [
    "better, but not by a good margin",
    runner({ ...low(1.1), before: { state: "closed", causes: [{ code: "disk", effect: "closed", text: "" }] } }),
    "closed: only 1.1 GB of free disk space",
  ],
  ["everybody is slowed", runner({}, [slow(null)]), "half open: failures is wrong"],
  ["its event loop is late", runner({}, [slow("pi-1", "lag:pi-1/0")]), "half open: lag:pi-1/0 is wrong"],
  ["another machine's trouble", runner({}, [slow("pi-2", "lag:pi-2/0")]), "open"],
  ["what it measures itself, by the scheduler's limits", runner({}, [slow("pi-1", "disk:pi-1")]), "open"],
  [
    "the worst cause decides, and the others are not lost",
    runner({ ...low(0.5), pause }, [slow(null)]),
    "closed: only 0.5 GB of free disk space, paused by ann@pi: an upgrade",
  ],
];

test.each(CASES)("%s", (_name, facts, text) => {
  expect(admissionText(planAdmission(facts))).toBe(text);
});

it("keeps every cause, the worst first", () => {
  const { causes } = planAdmission(runner({ ...low(1.5), pause }, [slow(null)]));
  expect(causes.map(({ code, effect }) => [code, effect])).toEqual([
    ["paused", "closed"],
    ["disk", "half"],
    ["failures", "half"],
  ]);
});

describe("slots of a runner", () => {
  const of = (state: Admission["state"]) => [1, 3, 4].map((slots) => slotsFor({ state, causes: [] }, slots));
  it("open: all; half: half of them, one at least; closed: none", () => {
    expect([of("open"), of("half"), of("closed")]).toEqual([
      [1, 3, 4],
      [1, 1, 2],
      [0, 0, 0],
    ]);
  });

  it("what closes a runner does not change how many it works on at once", () => {
    const [slowed, closed] = [runner({}, [slow(null)]), runner({ pause })].map(planAdmission);
    const both = planAdmission(runner({ pause }, [slow(null)]));
    expect([slowed, closed, both].map((one) => slotsWhenOpen(one ?? both, 4))).toEqual([2, 4, 2]);
  });
});
