interface PagerProps {
  /** Of what the pages are, such as 'executions'. */
  of: string;
  /** What is shown, in words; empty while it is read. */
  text: string;
  onNewer: (() => void) | null;
  onOlder: (() => void) | null;
}

/** Goes through pages by cursor; a direction without a page is disabled. */
export function Pager({ of, text, onNewer, onOlder }: PagerProps) {
  return (
    <nav class="pager" aria-label={`Pages of ${of}`}>
      <span class="muted">{text}</span>
      <button type="button" class="button" disabled={onNewer === null} onClick={() => onNewer?.()}>
        Newer
      </button>
      <button type="button" class="button" disabled={onOlder === null} onClick={() => onOlder?.()}>
        Older
      </button>
    </nav>
  );
}
