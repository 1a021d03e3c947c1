// Templates people keep: what new devices can start from.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { type Column, Pencil, Trash2, toast } from "@/kernel/kit";
import { useAttempt } from "./act";
import { Entries } from "./catalogue-entries";
import NameDialog from "./name-dialog";
import { addTemplate, removeTemplate, renameTemplate, type Template, templatesQuery } from "./templates-api";
import { inventoryText } from "./text";

export function Templates({ mayWrite }: { mayWrite: boolean }) {
  const t = useText(inventoryText);
  const attempt = useAttempt();
  const templates = useQuery(templatesQuery);
  const [renamed, setRenamed] = useState<Template | null>(null);
  const columns: Column<Template>[] = [
    { id: "name", label: t.form.name, isName: true, cell: ({ name }) => name },
    {
      id: "type",
      label: t.form.type,
      cell: ({ fields }) => (fields.device_type ? t.type[fields.device_type] : "–"),
    },
    {
      id: "monitors",
      label: t.device.monitors,
      cell: ({ monitors }) => monitors.map((one) => one.monitor_type).join(", ") || "–",
    },
  ];
  const forget = (template: Template) =>
    attempt(async () => {
      await removeTemplate(template.id);
      toast({ text: t.template.forgotten(template.name), undo: () => attempt(() => addTemplate(template)) });
    });
  return (
    <>
      <Entries<Template>
        query={{ ...templates, data: templates.data?.items }}
        columns={columns}
        caption={t.catalogue.tab.templates}
        hint={t.catalogue.noTemplates}
        items={
          mayWrite
            ? (template) => [
                {
                  id: "rename",
                  label: t.template.rename,
                  icon: Pencil,
                  run: () => setRenamed(template),
                },
                "-",
                {
                  id: "remove",
                  label: t.template.forget,
                  icon: Trash2,
                  danger: true,
                  run: () => void forget(template),
                },
              ]
            : undefined
        }
      />
      {renamed && (
        <NameDialog
          title={t.template.rename}
          label={t.template.name}
          initial={renamed.name}
          save={(name) => attempt(() => renameTemplate(renamed.id, name))}
          onClose={() => setRenamed(null)}
        />
      )}
    </>
  );
}
