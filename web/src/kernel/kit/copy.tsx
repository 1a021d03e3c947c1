import { useRef, useState } from "react";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Button } from "./button";
import { Field } from "./field";
import { Check, Copy } from "./icons";

/** Puts text on the clipboard; also on plain HTTP, where the page may only copy a selected field. */
export async function copyText(
  text: string,
  field?: HTMLInputElement | HTMLTextAreaElement | null,
): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field?.select();
    return field ? document.execCommand("copy") : false;
  }
}

/** A value that is there to be copied. */
export function CopyField({ label, value, help }: { label: string; value: string; help?: string }) {
  const t = useText(kernelText);
  const [copied, setCopied] = useState(false);
  const ref = useRef<HTMLInputElement>(null);
  return (
    <Field label={label} help={help}>
      {(wiring) => (
        <span className="copy-field">
          <input
            {...wiring}
            ref={ref}
            className="input"
            readOnly
            value={value}
            onFocus={(event) => event.target.select()}
          />
          <Button
            icon={copied ? Check : Copy}
            onClick={() => void copyText(value, ref.current).then(setCopied)}
          >
            {copied ? t.kit.copied : t.kit.copy}
          </Button>
        </span>
      )}
    </Field>
  );
}
