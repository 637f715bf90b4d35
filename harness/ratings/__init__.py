"""Ratings by experts: pairs of generated answers go out without names, marks come back, and are judged.

::

    answers       what the arms of a run generated, read from lm-eval's logs
    draw          which questions become pairs, in which order and with which side first, from a named seed
    marks         what a rater can say of a pair
    key           which recipe wrote which side; it stays with whoever asks
    sheet, page   what raters get: a CSV file, and a page that works offline
    returned      what raters gave back, with everything that is wrong with it
    agreement     Krippendorff's alpha
    judged        each mark with its interval over raters and items
    outcome       all of these
    document      and as a report
"""
