#Requires -Version 7.6
<#
.SYNOPSIS
    Keeps what a test run says in any stream, and finds secrets in that and in what the run has left behind. Dot-sourced.
.DESCRIPTION
    Every password and token that a test uses holds the word CANARY, so one search finds them all, also as base64, whatever stands before them.
#>

function Get-SecretPattern {
    $word = 'CANARY'
    $found = foreach ($before in 0..2) {
        # the characters of base64 that depend on nothing but the word
        $text = [Convert]::ToBase64String([Text.Encoding]::ASCII.GetBytes('x' * $before + $word + 'xxx'))
        $start = [Math]::Ceiling($before * 8 / 6)
        $text.Substring($start, [Math]::Floor(($before + $word.Length) * 8 / 6) - $start)
    }
    # and the tokens that the token server makes
    [regex]::new("$word|$($found -join '|')|eyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}", 'Compiled')
}

# Starts to keep what is said.
function Start-SecretWatch([hashtable] $World) {
    $World.Said = (New-Item -ItemType Directory (Join-Path $World.Folder 'said')).FullName
    $World.Started = Get-Date
    $Global:VerbosePreference = $Global:DebugPreference = 'Continue'
    $null = Start-Transcript (Join-Path $World.Said 'transcript') -UseMinimalHeader
}

# Takes the records of the other streams out of the pipeline and keeps their text. PowerShell keeps the last 256 errors, so the new ones are
# kept whenever something passes.
filter Save-Stream([string] $Folder) {
    begin {
        $writers = @{ Error = [IO.StreamWriter]::new((Join-Path $Folder 'Error')) }
        $last = $null
    }
    process {
        if (-not [object]::ReferenceEquals($last, ($Global:Error | Select-Object -First 1))) {
            foreach ($record in $Global:Error) {
                if ([object]::ReferenceEquals($last, $record)) { break }
                Get-ErrorText $record | ForEach-Object { $writers.Error.WriteLine($_) }
            }
            $last = $Global:Error[0]
        }
        $name = $_ -is [Management.Automation.InformationalRecord] ? $_.GetType().Name : $null
        if (-not $name) { return $_ }
        if (-not $writers[$name]) { $writers[$name] = [IO.StreamWriter]::new((Join-Path $Folder $name)) }
        $writers[$name].WriteLine($_.Message)
    }
    end { $writers.Values | ForEach-Object Dispose }
}

function Get-ErrorText($Record) {
    "$Record"
    $exception = $Record -is [Exception] ? $Record : $Record.Exception
    "$exception"
    if ($Record -is [Management.Automation.ErrorRecord]) { $Record.TargetObject, $Record.CategoryInfo, $Record.ErrorDetails?.RecommendedAction | ForEach-Object { "$_" } }
    if ($exception.GetType().Namespace -like 'OciTools*') { [Management.Automation.PSSerializer]::Serialize($exception, 3) }
}

# Searches everything; prints how many lines that were, and gives the places that hold a secret.
function Search-Secret([hashtable] $World, [string] $ResultFile, [switch] $Whole) {
    $Global:VerbosePreference = $Global:DebugPreference = 'SilentlyContinue'
    $null = Stop-Transcript
    $results = Join-Path (Split-Path $ResultFile) "$((Get-Item $ResultFile).BaseName)*"
    $files = @(
        Get-ChildItem $World.Said -File
        Get-ChildItem $World.Folder -File
        Get-ChildItem $env:HOME, $env:XDG_RUNTIME_DIR -File -Recurse -Force
        Get-ChildItem $results -File
        Get-ChildItem ([IO.Path]::GetTempPath()) -File -Force | Where-Object LastWriteTime -GT $World.Started
    ) | Where-Object { $_.Length -gt 0 -and $_.Length -lt 256MB } # a pipe has no length
    $pattern = Get-SecretPattern
    $lines = 0
    $held = 0
    foreach ($file in $files) {
        try { $text = [IO.File]::ReadAllText($file.FullName) } catch { continue }
        $all = $text.Length - $text.Replace("`n", '').Length
        $hits = @($pattern.Matches($text) | ForEach-Object { $text.Substring(0, $_.Index).Split("`n").Count } | Sort-Object -Unique)
        $lines += $all
        $held += [Math]::Max(0, $all - $hits.Count)
        foreach ($hit in $hits | Select-Object -First 5) { "$($file.FullName), line $hit" }
    }
    # nothing is proved where nothing was said, unless only some of the tests were wanted
    $requests = Join-Path $World.Said 'DebugRecord'
    $shown = (Test-Path $requests) ? @(Select-String -LiteralPath $requests -SimpleMatch 'Authorization: Basic ***').Count : 0
    Write-Host "B10, lines of all streams, of the transcript, of errors, results and files in which no secret is seen: tried $lines, held $held; $shown requests with a password were shown"
    if ($Whole -and $World['BasicRegistry'] -and $shown -eq 0) { 'no request with a password was shown' }
}
