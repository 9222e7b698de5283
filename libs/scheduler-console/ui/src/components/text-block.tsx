import { toast } from './toasts';

/** Text from tasks, shown as it is: never markup. */
export function TextBlock({ text, label }: { text: string; label: string }) {
  const copy = (): void => {
    // There on secure origins only.
    navigator.clipboard?.writeText(text).then(
      () => toast('Copied'),
      () => toast('The browser does not allow copying', true),
    );
  };
  return (
    <div class="text-block">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      {'clipboard' in navigator && (
        <button type="button" class="button button-quiet" aria-label={`Copy: ${label}`} onClick={copy}>
          Copy
        </button>
      )}
    </div>
  );
}
