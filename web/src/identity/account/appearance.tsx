import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { LANGUAGES, useLanguage } from "@/kernel/i18n/language";
import { Card, Radio, Select, toast } from "@/kernel/kit";
import { saveSettings } from "@/kernel/session/session";
import type { Settings } from "@/kernel/session/types";
import { ACCENTS, DENSITIES, setLook, THEMES, useLook } from "@/kernel/theme/look";
import { identityText } from "../text";

const LANGUAGE_NAMES = { en: "English", de: "Deutsch" };

export function Appearance() {
  const t = useText(identityText);
  const words = useText(kernelText);
  const { theme = "system", accent = "teal", density = "comfortable" } = useLook();
  const language = useLanguage();

  function save(change: Partial<Settings>): void {
    saveSettings(change).then(
      () => toast({ text: words.kit.saved, tone: "ok" }),
      (error) => toast({ text: problemText(error, words.problem), tone: "bad" }),
    );
  }
  return (
    <div className="stack">
      <Card title={t.language}>
        <Select
          label={t.language}
          hideLabel
          value={language}
          options={LANGUAGES.map((id) => ({ value: id, label: LANGUAGE_NAMES[id] }))}
          onChange={(event) => save({ language: event.target.value })}
        />
      </Card>
      <Choices
        title={t.account.theme}
        options={THEMES}
        value={theme}
        label={(id) => t.account.themes[id]}
        onChange={(id) => save({ theme: id })}
      />
      <Choices
        title={t.account.accent}
        options={ACCENTS}
        value={accent}
        label={(id) => (
          <span className="swatch" data-swatch={id}>
            {t.account.accents[id]}
          </span>
        )}
        onChange={(id) => setLook({ accent: id })}
      />
      <Choices
        title={t.account.density}
        lead={t.account.onDevice}
        options={DENSITIES}
        value={density}
        label={(id) => t.account.densities[id]}
        onChange={(id) => setLook({ density: id })}
      />
    </div>
  );
}

interface ChoicesProps<T extends string> {
  title: string;
  lead?: string;
  options: readonly T[];
  value: T;
  label: (id: T) => React.ReactNode;
  onChange: (id: T) => void;
}

function Choices<T extends string>({ title, lead, options, value, label, onChange }: ChoicesProps<T>) {
  return (
    <Card title={title} lead={lead}>
      <fieldset className="choices">
        <legend className="sr-only">{title}</legend>
        {options.map((id) => (
          <Radio
            key={id}
            name={`look-${options[0]}`}
            label={label(id)}
            checked={id === value}
            onChange={() => onChange(id)}
          />
        ))}
      </fieldset>
    </Card>
  );
}
