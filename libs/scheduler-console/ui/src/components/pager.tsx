interface PagerProps {
  /** Of what the pages are, such as 'executions'. */
  of: string;
  /** What is shown, in words; empty while it is read. */
  text: string;
  onNewer: (() => void) | null;
  onOlder: (() => void) | null;
}

/** Goes through pages by cursor; a direction without a page is disabled, and there are none where all fits on one. */
export function Pager({ of, text, onNewer, onOlder }: PagerProps) {
  return (
    <nav class="pager" aria-label={`Pages of ${of}`}>
      <span class="muted">{text}</span>
      {(onNewer !== null || onOlder !== null) && (
        <>
          <button type="button" class="button" disabled={onNewer === null} onClick={() => onNewer?.()}>
            Newer
          </button>
          <button type="button" class="button" disabled={onOlder === null} onClick={() => onOlder?.()}>
            Older
          </button>
        </>
      )}
    </nav>
  );
}
