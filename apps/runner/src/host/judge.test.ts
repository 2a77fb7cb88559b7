import { expect, test } from "vitest";
import { FIT, judgeHost, type HostLimit, type HostReading } from "./judge.ts";

const LIMITS = { min_free_memory_mb: 500, min_free_disk_gb: 1, max_load_per_core: 5, max_temperature_c: 80 };
const NONE = { min_free_memory_mb: 0, min_free_disk_gb: 0, max_load_per_core: 0, max_temperature_c: 0 };
const FINE: HostReading = {
  dataFolder: null,
  clock: null,
  freeMemoryMb: 4000,
  freeDiskGb: 50,
  loadPerCore: 1,
  temperatureC: 50,
};

const broken = (change: Partial<HostReading>, before: readonly HostLimit[] = []) =>
  judgeHost({ ...FINE, ...change }, LIMITS, { broken: before, tired: "x" }).broken;

test.each<[HostLimit, Partial<HostReading>, Partial<HostReading>, Partial<HostReading>]>([
  ["memory", { freeMemoryMb: 499 }, { freeMemoryMb: 599 }, { freeMemoryMb: 600 }],
  ["disk", { freeDiskGb: 0.99 }, { freeDiskGb: 1.19 }, { freeDiskGb: 1.2 }],
  ["load", { loadPerCore: 5.1 }, { loadPerCore: 4.1 }, { loadPerCore: 4 }],
  ["temperature", { temperatureC: 80.5 }, { temperatureC: 76 }, { temperatureC: 75 }],
])("%s: over the limit, between, and well again", (limit, over, between, well) => {
  expect(broken(over)).toEqual([limit]);
  expect(broken(between)).toEqual([]);
  expect(broken(between, [limit])).toEqual([limit]);
  expect(broken(well, [limit])).toEqual([]);
});

test("says what is wrong, all of it", () => {
  const reading = {
    dataFolder: "the data folder is missing",
    clock: "its clock is 600 s ahead of Redis'",
    freeMemoryMb: 99.6,
    freeDiskGb: 0.25,
    loadPerCore: 9,
    temperatureC: 85,
  };
  expect(judgeHost(reading, LIMITS, FIT).tired).toBe(
    "the data folder is missing, its clock is 600 s ahead of Redis', only 100 MB of memory free, only 0.3 GB of disk free, a load of 9.0 per core, 85 °C",
  );
  expect(judgeHost(FINE, LIMITS, FIT)).toEqual(FIT);
});

test("what cannot be read, and what has no limit, tires nobody", () => {
  const unknown = {
    dataFolder: null,
    clock: null,
    freeMemoryMb: null,
    freeDiskGb: null,
    loadPerCore: null,
    temperatureC: null,
  };
  expect(judgeHost(unknown, LIMITS, FIT)).toEqual(FIT);
  expect(
    judgeHost(
      { dataFolder: null, clock: null, freeMemoryMb: 1, freeDiskGb: 0, loadPerCore: 99, temperatureC: 120 },
      NONE,
      FIT,
    ),
  ).toEqual(FIT);
});
