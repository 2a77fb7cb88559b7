import { expect, test } from "vitest";
import type { AdmissionCause } from "./admissionCause.ts";
import { hostCauses, type HostReading } from "./host.ts";

const LIMITS = { min_free_memory_mb: 512, min_free_disk_gb: 1, max_load_per_core: 6, max_temperature_c: 80 };
const NONE = { min_free_memory_mb: 0, min_free_disk_gb: 0, max_load_per_core: 0, max_temperature_c: 0 };
const FINE: HostReading = {
  dataFolder: null,
  clock: null,
  freeMemoryMb: 4000,
  freeDiskGb: 50,
  loadPerCore: 1,
  temperatureC: 50,
};
const UNREAD = { ...FINE, freeMemoryMb: null, freeDiskGb: null, loadPerCore: null, temperatureC: null };

type Effect = AdmissionCause["effect"] | null;
const effect = (change: Partial<HostReading>, code: string, was: Effect): Effect => {
  const before: AdmissionCause[] = was === null ? [] : [{ code, effect: was, text: "" }];
  const causes = hostCauses({ reading: { ...FINE, ...change }, limits: LIMITS, before });
  expect(causes.filter((cause) => cause.code !== code)).toEqual([]);
  return causes[0]?.effect ?? null;
};

/** Value, and the effect after a reading that was fine, half and closed. */
const CASES: readonly (readonly [key: keyof HostReading, code: string, value: number, after: readonly Effect[]])[] = [
  ["freeMemoryMb", "memory", 511, ["closed", "closed", "closed"]],
  ["freeMemoryMb", "memory", 512, ["half", "half", "closed"]],
  ["freeMemoryMb", "memory", 614, ["half", "half", "closed"]],
  ["freeMemoryMb", "memory", 639, ["half", "half", "half"]],
  ["freeMemoryMb", "memory", 640, [null, "half", "half"]],
  ["freeMemoryMb", "memory", 768, [null, null, null]],
  ["freeDiskGb", "disk", 0.99, ["closed", "closed", "closed"]],
  ["freeDiskGb", "disk", 1.19, ["half", "half", "closed"]],
  ["freeDiskGb", "disk", 1.2, ["half", "half", "half"]],
  ["freeDiskGb", "disk", 2, [null, "half", "half"]],
  ["freeDiskGb", "disk", 2.4, [null, null, null]],
  ["loadPerCore", "load", 6.1, ["closed", "closed", "closed"]],
  ["loadPerCore", "load", 6, [null, null, "closed"]],
  ["loadPerCore", "load", 4.8, [null, null, null]],
  ["temperatureC", "temperature", 80.1, ["closed", "closed", "closed"]],
  ["temperatureC", "temperature", 80, ["half", "half", "closed"]],
  ["temperatureC", "temperature", 75.1, ["half", "half", "closed"]],
  ["temperatureC", "temperature", 75, [null, "half", "half"]],
  ["temperatureC", "temperature", 70, [null, null, null]],
];

test.each(CASES)("%s: %s of %d, after fine, half and closed", (key, code, value, after) => {
  expect([null, "half", "closed"].map((was) => effect({ [key]: value }, code, was as Effect))).toEqual(after);
});

test("every cause is said, in words for people", () => {
  const reading = {
    dataFolder: "the data folder is missing",
    clock: "its clock is 600 s ahead of Redis'",
    freeMemoryMb: 99.6,
    freeDiskGb: 0.25,
    loadPerCore: 9,
    temperatureC: 85,
  };
  const causes = hostCauses({ reading, limits: LIMITS, before: [] });
  expect(causes.map(({ text }) => text).join(", ")).toBe(
    "the data folder is missing, its clock is 600 s ahead of Redis', only 100 MB of free memory, only 0.3 GB of free disk space, a load of 9.0 per core, 85 °C",
  );
  expect(new Set(causes.map(({ effect: found }) => found))).toEqual(new Set(["closed"]));
});

test.each([
  ["what cannot be read decides nothing", UNREAD, LIMITS],
  ["0 is no limit", { ...FINE, freeMemoryMb: 1, freeDiskGb: 0, loadPerCore: 99, temperatureC: 120 }, NONE],
])("%s", (_name, reading, limits) => {
  const before = ["memory", "disk", "load", "temperature"].map((code): AdmissionCause => ({
    code,
    effect: "closed",
    text: "",
  }));
  expect(hostCauses({ reading, limits, before })).toEqual([]);
});
