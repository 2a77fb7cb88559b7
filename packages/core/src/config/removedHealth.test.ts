import { expect, it } from "vitest";
import { REPOSITORY, resolve } from "./testing.fixture.ts";

const NOTICE =
  "[health] in the configuration no longer has an effect, because its limits are fixed or derived from [host]: remove the table";
/** As the example configuration of earlier versions had it. */
const FORMER = `[health]
redis_warning_percent = 75
redis_critical_percent = 90
disk_degraded_gb = 2
disk_critical_gb = 0.5
memory_degraded_mb = 640
temperature_degraded_c = 75
failure_window = 20
failure_warning_percent = 30
failure_degraded_percent = 60
lag_warning_ms = 1000
lag_degraded_ms = 5000
github_warning_percent = 20
github_degraded_percent = 5
`;

it.each([
  ["no table: no notice", "", []],
  ["the values of earlier versions' example", FORMER, [NOTICE]],
  ["an empty table", "[health]\n", [NOTICE]],
  ["a key that there never was", "[health]\nxyz = 1\n", [NOTICE]],
  ["no table at all", "health = 3\n", [NOTICE]],
  [
    "other values, beside what applies now",
    "[host]\nmin_free_memory_mb = 300\n[health]\nmemory_degraded_mb = 350\ndisk_degraded_gb = 0\n",
    [`${NOTICE}; it had other values: disk_degraded_gb = 0 (now 2), memory_degraded_mb = 350 (now 375)`],
  ],
])("%s", (_name, text, expected) => {
  const { config, problems, warnings } = resolve({
    text: text.startsWith("health") ? text + REPOSITORY : REPOSITORY + text,
  });
  expect({ problems, warnings }).toEqual({ problems: [], warnings: expected });
  expect(config).not.toHaveProperty("health");
});

it("is reported in addition to other mistakes", () => {
  const { problems, warnings } = resolve({ text: `${REPOSITORY}${FORMER}[host]\nmin_free_disk_gb = -1\n` });
  expect(problems.map(({ key }) => key)).toEqual(["host.min_free_disk_gb"]);
  expect(warnings).toEqual([NOTICE]);
});
