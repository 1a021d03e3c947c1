import type { ReactNode } from "react";
import { useText } from "@/kernel/i18n/area";
import { LANGUAGES, setLanguage, useLanguage } from "@/kernel/i18n/language";
import { Notice, PageHeader, Select } from "@/kernel/kit";
import { identityText } from "../text";
import "./auth.css";

const NAMES = { en: "English", de: "Deutsch" };

/** The frame of pages without the shell: one card in the middle, the language below it. */
export function BareFrame({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  const t = useText(identityText);
  const language = useLanguage();
  const isLocal = /^(localhost|127\.|\[::1\])/.test(location.hostname);
  return (
    <div className="bare">
      <main className="bare-card">
        <span className="brand-mark bare-mark" aria-hidden>
          B
        </span>
        <PageHeader title={title} lead={lead} />
        {!isSecureContext && !isLocal && <Notice tone="warn">{t.auth.insecure}</Notice>}
        {children}
      </main>
      <footer className="bare-foot">
        <Select
          label={t.language}
          hideLabel
          value={language}
          options={LANGUAGES.map((id) => ({ value: id, label: NAMES[id] }))}
          onChange={(event) => void setLanguage(event.target.value as (typeof LANGUAGES)[number])}
        />
      </footer>
    </div>
  );
}
