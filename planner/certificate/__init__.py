"""Every answer judged again edge by edge, by the rules of judgement alone, before it is printed."""
