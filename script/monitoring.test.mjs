import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const compose = read("docker-compose.yml");

it("Grafana finds the dashboard and Prometheus where compose puts them", () => {
  const [, path] = /path: (\S+)/.exec(read("deploy/grafana/provisioning/dashboards/tac8.yml"));
  expect(compose).toContain(`./deploy/grafana/tac8.json:${path}/tac8.json:ro`);
  expect(compose).toContain(`GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: ${path}/tac8.json`);
  expect(compose).toContain("./deploy/grafana/provisioning:/etc/grafana/provisioning:ro");
  expect(read("deploy/grafana/provisioning/datasources/tac8.yml")).toContain("url: http://prometheus:9090");
});

it("the dashboard uses a variable for its data source, whose default is the provisioned data source", () => {
  const { panels, templating, uid } = JSON.parse(read("deploy/grafana/tac8.json"));
  expect(uid).toBe("tac8");
  expect(templating.list[0]).toMatchObject({ name: "datasource", type: "datasource", query: "prometheus" });
  for (const { datasource = { type: "prometheus", uid: "${datasource}" } } of panels)
    expect(datasource).toEqual({ type: "prometheus", uid: "${datasource}" });
});

it("Prometheus has the alert rules, the address of the board, and the board's token", () => {
  const config = read("deploy/prometheus/prometheus.yml");
  expect(config).toContain("rule_files: [tac8.rules.yml]");
  expect(config).toContain('targets: ["board:3000"]');
  const [, token] = /credentials_file: (\S+)/.exec(config);
  expect(read("deploy/container/monitoring.sh")).toContain(`to=${token.replace("/metrics-token", "")}\n`);
});

it("every service of the profile has a fixed version and listens on this machine only, and no runner reaches it", () => {
  const services = compose.slice(compose.indexOf("  monitoring-secrets:"), compose.indexOf("\nnetworks:"));
  for (const [, port] of services.matchAll(/ports: \["(.*)"\]/g)) expect(port).toMatch(/^127\.0\.0\.1:/);
  for (const [, tag] of services.matchAll(/image: (\S+)/g)) expect(tag).toMatch(/:v?\d+\.\d+\.\d+$/);
  expect(services).not.toContain("runners");
});

it("docs/monitoring.md lists every alert", () => {
  const page = read("docs/monitoring.md");
  const alerts = [...read("deploy/prometheus/tac8.rules.yml").matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  expect(alerts.length).toBeGreaterThan(5);
  expect(alerts.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
