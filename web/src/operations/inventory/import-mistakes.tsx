// Rows that cannot be imported as they are, each field with a place to mend it.
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { Button, Card, Input, Select } from "@/kernel/kit";
import { faultText, type Issue } from "./faults";
import type { Corrections, FailedRow } from "./import-api";
import { useShown } from "./shown";
import { inventoryText } from "./text";
import { DEVICE_TYPES } from "./types";

interface ImportMistakesProps {
  rows: readonly FailedRow[];
  busy: boolean;
  /** Checks the file again with these cells. */
  onMend(mended: Corrections): void;
}

const AT_ONCE = 20;

export function ImportMistakes({ rows, busy, onMend }: ImportMistakesProps) {
  const t = useText(inventoryText).import;
  const told = useTold();
  const [mended, setMended] = useState<Record<number, Record<string, string>>>({});
  const shown = rows.slice(0, AT_ONCE);
  const count = shown.reduce((sum, { row }) => sum + Object.keys(mended[row] ?? {}).length, 0);
  return (
    <Card title={t.mistakes(rows.length)} lead={t.mistakesHint}>
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (busy || count === 0) return;
          onMend(mended);
          setMended({});
        }}
      >
        <ol className="inventory-mistakes">
          {shown.map(({ row, name, issues }) => (
            <li key={row}>
              <h3>
                {t.row(row)} {name && <span className="meta">{name}</span>}
              </h3>
              {issues.map((issue) =>
                issue.field === "" ? (
                  <p key="row" className="field-error">
                    {told(issue)}
                  </p>
                ) : (
                  <Mend
                    key={issue.field}
                    issue={issue}
                    value={mended[row]?.[issue.field] ?? issue.value ?? ""}
                    onChange={(value) =>
                      setMended({ ...mended, [row]: { ...mended[row], [issue.field]: value } })
                    }
                  />
                ),
              )}
            </li>
          ))}
        </ol>
        {rows.length > shown.length && <p className="meta">{t.moreMistakes(rows.length - shown.length)}</p>}
        <p>
          <Button type="submit" busy={busy} disabled={count === 0}>
            {t.check}
          </Button>
        </p>
      </form>
    </Card>
  );
}

/** What is wrong, in the shown language where this page knows it. */
function useTold(): (issue: Issue) => string {
  const t = useText(inventoryText);
  return (issue) => faultText(issue, t) ?? `${issue.error} ${issue.fix}`;
}

interface MendProps {
  issue: Issue;
  value: string;
  onChange(value: string): void;
}

function Mend({ issue, value, onChange }: MendProps) {
  const t = useText(inventoryText);
  const shown = useShown();
  const around = {
    label: shown.field(issue.field),
    error: useTold()(issue),
  };
  if (issue.field === "device_type") {
    const known = DEVICE_TYPES.some((one) => one === value);
    return (
      <Select
        {...around}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        options={[
          ...(known ? [] : [{ value, label: value || t.form.empty }]),
          ...DEVICE_TYPES.map((one) => ({ value: one, label: t.type[one] })),
        ]}
      />
    );
  }
  return (
    <Input
      {...around}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
