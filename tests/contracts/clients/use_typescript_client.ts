// Uses the types that openapi-typescript generated, against the address and keys in the environment.
// The compiler checks that requests and answers are of these types. Prints as JSON what was read from the answers.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

type Asked = { url: string; keys: Record<string, string>; alert: string; now: string; workbook: string };
type Act = components["schemas"]["ActBody"];

const asked: Asked = JSON.parse(process.env["PULLCORD_ASKED"] ?? "{}");
const client = (who: string) =>
  createClient<paths>({ baseUrl: asked.url, headers: { Authorization: `Bearer ${asked.keys[who]}` } });
const raven = client("raven");
const blackpool = client("blackpool");
const said: Record<string, unknown> = {};
const asSent = (body: unknown) => body as BodyInit;

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("an answer is missing");
  return value;
}

const posted = await raven.POST("/v1/migration-notices", {
  body: { notices: [{ id: "t1", cli: "01632 960201" }, { id: "t2", cli: "no number" }] },
  params: { header: { "idempotency-key": "once" } },
});
said["receipt"] = [posted.response.status, present(posted.data).counts];
said["references"] = present(posted.data).rows_with_issues.map((row) => row.reference);
said["headers"] = [
  present(posted.response.headers.get("Location") ?? undefined).startsWith("/v1/submissions/"),
  posted.response.headers.get("X-Request-Id")?.length,
];

const streamed = await raven.POST("/v1/migration-notices", {
  body: '{"id": "t3", "cli": "01632 960203"}\n{"id": "t4", "cli": "01632 960204"}\n',
  bodySerializer: asSent,
  headers: { "Content-Type": "application/x-ndjson" },
});
const submission = present(streamed.data).submission;
const pages: (string | null)[][] = [];
let cursor: string | null = null;
do {
  const query: { limit: number; cursor?: string } = cursor === null ? { limit: 1 } : { limit: 1, cursor };
  const page = await raven.GET("/v1/submissions/{submission}", { params: { path: { submission }, query } });
  pages.push(present(page.data).rows.map((row) => row.reference));
  cursor = present(page.data).next_cursor;
} while (cursor !== null);
said["pages"] = pages;

const refused = await raven.POST("/v1/migration-notices", { body: { id: "t5" } });
const problem = present(refused.error);
if (problem.type === "urn:pullcord:problem:no-row-accepted") {
  const receipt = problem as components["schemas"]["NoRowAcceptedProblem"];
  said["no row"] = [receipt.type, receipt.rows_with_issues[0]?.issues.map((issue) => issue.field)];
}

const put = await blackpool.PUT("/v1/telecare-registers/{council}/entries", {
  params: { path: { council: "E06000009" } },
  body: { entries: [{ entry_id: "p1", cli: "01632 960211" }, { entry_id: "p2" }] },
});
said["entries"] = present(put.data).counts;
const dry = await blackpool.POST("/v1/telecare-registers/{council}/uploads", {
  params: { path: { council: "E06000009" }, query: { dry_run: true } },
  body: asked.workbook,
  bodySerializer: (body) => Buffer.from(body as unknown as string, "base64"),
  headers: { "Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
});
said["columns"] = present(dry.data).columns.map((column) => column.field);
const deleted = await blackpool.DELETE("/v1/telecare-registers/{council}/entries/{entry_id}", {
  params: { path: { council: "E06000009", entry_id: "p1" } },
});
said["deleted"] = deleted.response.status;

const listed = present((await blackpool.GET("/v1/cases")).data);
const found = present(listed[0]);
said["case"] = [found.entry_id, found.harm_on];
const reference = found.case;
const shown = present((await blackpool.GET("/v1/cases/{reference}", { params: { path: { reference } } })).data);
said["place"] = shown.place.telephone_numbers;
const record = (body: Act) =>
  blackpool.POST("/v1/cases/{reference}/events", { params: { path: { reference } }, body });
const visit = await record({ event: "book_visit", record: { by: "Asha Patel", visit_on: "2026-11-26" } });
said["visit"] = present(visit.data).state;
const check = await record({
  event: "pass_post_check",
  record: { by: "Asha Patel", arc_name: "ARC", at: asked.now, tested_by: "Jo Field" },
});
const why = present(check.error);
said["act refused"] = [why.status, "acts" in why && Array.isArray(why.acts) && why.acts.includes("book_visit")];
const taken = await blackpool.POST("/v1/alerts/{reference}/acknowledgement", {
  params: { path: { reference: asked.alert } },
  body: { by: "Asha Patel" },
});
said["acknowledged"] = present(taken.data).cases.join() === reference;
const decided = await blackpool.POST("/v1/matches/{match}/decision", {
  params: { path: { match: present(shown.matches[0]).match } },
  body: { decision: "confirmed", by: "Asha Patel", evidence: "seen" },
});
said["decided"] = decided.response.status;

const missing = await blackpool.GET("/v1/cases/{reference}", { params: { path: { reference: "C-2222-2222" } } });
const absent = present(missing.error);
said["missing"] = [absent.status, absent.instance.endsWith(absent.request_id)];
const wrong = await blackpool.GET("/v1/cases", { params: { query: { cursor: "x" } } });
said["wrong cursor"] = present(wrong.error).status;
console.log(JSON.stringify(said));
