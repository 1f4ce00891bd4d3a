#Requires -Version 7.6
<#
.SYNOPSIS
    Runs commands in a PowerShell of this process whose host answers questions, as a person would. Dot-sourced by the tests.
#>
using namespace System.Management.Automation
using namespace System.Management.Automation.Host

# The part of a host that asks. Each question takes the next answer, the first letter of a choice; the last one is given again and again.
[NoRunspaceAffinity()]
class AnsweringUserInterface : PSHostUserInterface {
    [Collections.Generic.List[string]] $Questions = [Collections.Generic.List[string]]::new()
    [Collections.Generic.List[string]] $Captions = [Collections.Generic.List[string]]::new()
    [Collections.Generic.List[string]] $Lines = [Collections.Generic.List[string]]::new()
    [Collections.Generic.List[string]] $Progress = [Collections.Generic.List[string]]::new()
    [Collections.Generic.List[string]] $Warnings = [Collections.Generic.List[string]]::new()
    # questions and answers as a terminal shows them
    [Collections.Generic.List[string]] $Prompts = [Collections.Generic.List[string]]::new()
    [string[]] $Answers
    # what is typed where a password is asked for
    [string] $Password

    [void] Reset([string[]] $next) {
        $this.Answers = $next
        $this.Questions.Clear()
        $this.Captions.Clear()
        $this.Lines.Clear()
        $this.Progress.Clear()
        $this.Warnings.Clear()
        $this.Prompts.Clear()
    }
    [int] PromptForChoice([string] $caption, [string] $message, [Collections.ObjectModel.Collection[ChoiceDescription]] $choices, [int] $default) {
        $answer = $this.Answers[[Math]::Min($this.Questions.Count, $this.Answers.Count - 1)]
        $this.Captions.Add($caption)
        $this.Questions.Add($message)
        $keys = $choices.ForEach{ [regex]::Match($_.Label, '&(.)').Groups[1].Value.ToUpperInvariant() }
        $offered = @(for ($i = 0; $i -lt $choices.Count; $i++) { "[$($keys[$i])] $($choices[$i].Label -replace '&')" }) -join '  '
        $this.Prompts.AddRange([string[]]@($caption, $message, "$offered  [?] Help (default is `"$($keys[$default])`"): $answer"))
        for ($i = 0; $i -lt $choices.Count; $i++) { if ($choices[$i].Label -match "&$answer") { return $i } }
        throw "There is no choice '$answer' among $($choices.Label)."
    }
    [PSHostRawUserInterface] get_RawUI() { return $null }
    [Collections.Generic.Dictionary[string, PSObject]] Prompt([string] $a, [string] $b, [Collections.ObjectModel.Collection[FieldDescription]] $c) { throw [PSNotImplementedException]::new() }
    [PSCredential] PromptForCredential([string] $caption, [string] $message, [string] $name, [string] $target) {
        if (-not $this.Password) { throw [PSNotImplementedException]::new() }
        $this.Prompts.AddRange([string[]]@($caption, $message, "Password for user ${name}: ********"))
        return [PSCredential]::new($name, (ConvertTo-SecureString $this.Password -AsPlainText -Force))
    }
    [PSCredential] PromptForCredential([string] $a, [string] $b, [string] $c, [string] $d, [PSCredentialTypes] $e, [PSCredentialUIOptions] $f) { return $this.PromptForCredential($a, $b, $c, $d) }
    [string] ReadLine() { throw [PSNotImplementedException]::new() }
    [Security.SecureString] ReadLineAsSecureString() { throw [PSNotImplementedException]::new() }
    [void] Write([string] $a) { }
    [void] Write([ConsoleColor] $a, [ConsoleColor] $b, [string] $c) { }
    [void] WriteDebugLine([string] $a) { }
    [void] WriteErrorLine([string] $a) { }
    [void] WriteLine([string] $a) { $this.Lines.Add($a) }
    [void] WriteProgress([long] $a, [ProgressRecord] $b) { $this.Progress.Add("$($b.Activity) $($b.StatusDescription) $($b.CurrentOperation)") }
    [void] WriteVerboseLine([string] $a) { }
    [void] WriteWarningLine([string] $a) { $this.Warnings.Add("WARNING: $a") }
}

[NoRunspaceAffinity()]
class AnsweringHost : PSHost {
    [AnsweringUserInterface] $Asked
    hidden [guid] $Id = [guid]::NewGuid()

    AnsweringHost([AnsweringUserInterface] $asked) { $this.Asked = $asked }

    [PSHostUserInterface] get_UI() { return $this.Asked }
    [string] get_Name() { return 'AnsweringHost' }
    [version] get_Version() { return [version]::new(1, 0) }
    [guid] get_InstanceId() { return $this.Id }
    [cultureinfo] get_CurrentCulture() { return [cultureinfo]::InvariantCulture }
    [cultureinfo] get_CurrentUICulture() { return [cultureinfo]::InvariantCulture }
    [void] EnterNestedPrompt() { throw [PSNotImplementedException]::new() }
    [void] ExitNestedPrompt() { throw [PSNotImplementedException]::new() }
    [void] NotifyBeginApplication() { }
    [void] NotifyEndApplication() { }
    [void] SetShouldExit([int] $code) { }
}

$asked = [AnsweringUserInterface]::new()
$state = [Runspaces.InitialSessionState]::CreateDefault2()
$state.ImportPSModule((Join-Path $World.ModulePath 'OciTools.psd1'))
$answering = [runspacefactory]::CreateRunspace([AnsweringHost]::new($asked), $state)
$answering.Open()

# Gives what was asked, what -WhatIf said, what progress there was, what came out, and the errors. Whoever dot-sources this disposes of $answering.
function Invoke-Answering([string[]] $Answers, [string] $Script) {
    $asked.Reset($Answers)
    $shell = [powershell]::Create($answering)
    try {
        $output = @($shell.AddScript($Script).Invoke())
        [pscustomobject]@{ Output = $output; Questions = @($asked.Questions); Captions = @($asked.Captions); Lines = @($asked.Lines); Progress = @($asked.Progress); Warnings = @($asked.Warnings); Prompts = @($asked.Prompts); Errors = @($shell.Streams.Error) }
    }
    finally { $shell.Dispose() }
}
