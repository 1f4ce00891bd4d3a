#Requires -Version 7.6
<#
.SYNOPSIS
    Writes what Get-Help reads, from the pages in docs/help: MAML for the cmdlets and plain text for the about topics.
.DESCRIPTION
    Syntax, types, positions, aliases and accepted values come from the module itself, so that they cannot drift from it; the pages give the
    prose, the defaults and the examples.
#>
[CmdletBinding()]
param(
    # The manifest of the built module.
    [Parameter(Mandatory)] [string] $Module,

    # The folder of the pages.
    [Parameter(Mandatory)] [string] $Pages,

    # The folder that gets the help, for one language.
    [Parameter(Mandatory)] [string] $Destination
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$name = (Import-Module $Module -PassThru).Name
$common = [Management.Automation.PSCmdlet]::CommonParameters
$namespaces = @{
    maml    = 'http://schemas.microsoft.com/maml/2004/10'
    command = 'http://schemas.microsoft.com/maml/dev/command/2004/10'
    dev     = 'http://schemas.microsoft.com/maml/dev/2004/10'
}

# The parts of a page below headings of a level: heading -> text. Headings inside code do not count.
function Split-Page([string] $Text, [int] $Level) {
    $parts = [ordered]@{}
    $heading = $null
    $lines = [Collections.Generic.List[string]]::new()
    $isCode = $false
    foreach ($line in $Text -split '\r?\n') {
        if ($line.StartsWith('```')) { $isCode = -not $isCode }
        if (-not $isCode -and $line -match "^#{$Level} (.+)$") {
            if ($heading) { $parts[$heading] = ($lines -join "`n").Trim("`n") }
            $heading = $Matches[1].Trim()
            $lines.Clear()
        }
        else { $lines.Add($line) }
    }
    if ($heading) { $parts[$heading] = ($lines -join "`n").Trim("`n") }
    $parts
}

# What a terminal shows of inline Markdown.
function ConvertTo-PlainText([string] $Markdown) {
    $Markdown -replace '\[([^\]]+)\]\([^)]+\)', '$1' -replace '(?<![\w*])\*\*([^*]+)\*\*', '$1' -replace '`', ''
}

# Prose and code in turn: objects with Kind (Text, or the language of the code) and Text.
function Split-Block([string] $Text) {
    foreach ($piece in [regex]::Matches($Text, '(?ms)^```(?<kind>\w*)[^\n]*\n(?<code>.*?)\n?^```\s*$|(?<text>.+?)(?=^```|\z)')) {
        if ($piece.Groups['text'].Success) {
            $prose = $piece.Groups['text'].Value.Trim()
            if ($prose) { [pscustomobject]@{ Kind = 'Text'; Text = $prose } }
        }
        else { [pscustomobject]@{ Kind = $piece.Groups['kind'].Value; Text = $piece.Groups['code'].Value } }
    }
}

# Paragraphs as Get-Help prints them: prose one line each, lists a line for each point, code as it is.
function Get-Paragraph([string] $Text) {
    foreach ($block in Split-Block $Text) {
        if ($block.Kind -ne 'Text') { $block.Text; continue }
        foreach ($paragraph in $block.Text -split '\n{2,}') {
            $lines = ($paragraph -split '\n').ForEach{ ConvertTo-PlainText ($_ -replace '^#+ ') }
            if ($paragraph.StartsWith('|')) { (Format-Columns ($paragraph -split '\n')) -join "`n" }
            elseif ($lines[0] -match '^(- |\d+\. )') { $lines -join "`n" }
            else { $lines -join ' ' }
        }
    }
}

function Write-Element([Xml.XmlWriter] $Writer, [string] $Tag, $Content, [Collections.IDictionary] $Attributes = @{}) {
    $prefix, $local = $Tag -split ':'
    $Writer.WriteStartElement($prefix, $local, $namespaces[$prefix])
    foreach ($key in $Attributes.Keys) { $Writer.WriteAttributeString($key, [string]$Attributes[$key]) }
    if ($Content -is [scriptblock]) { & $Content } else { $Writer.WriteString([string]$Content) }
    $Writer.WriteEndElement()
}

function Write-Paragraph([Xml.XmlWriter] $Writer, [string] $Tag, [string] $Text) {
    Write-Element $Writer $Tag { foreach ($paragraph in Get-Paragraph $Text) { Write-Element $Writer 'maml:para' $paragraph } }
}

function Get-TypeName([type] $Type) {
    $short = [Microsoft.PowerShell.ToStringCodeMethods]::Type([psobject]([Nullable]::GetUnderlyingType($Type) ?? $Type))
    $short -replace '^.*\.(?=\w)'
}

# The elements of one parameter, in the syntax (short) or in the list of parameters.
function Write-Parameter([Xml.XmlWriter] $Writer, $Parameter, [bool] $IsShort, [string] $Description, [string] $Default) {
    $pipeline = @(if ($Parameter.ValueFromPipeline) { 'ByValue' }; if ($Parameter.ValueFromPipelineByPropertyName) { 'ByPropertyName' })
    $attributes = [ordered]@{
        required       = ([string]$Parameter.IsMandatory).ToLowerInvariant()
        variableLength = ([string]$Parameter.ParameterType.IsArray).ToLowerInvariant()
        globbing       = ([string][bool]($Parameter.Attributes.Where{ $_ -is [Management.Automation.SupportsWildcardsAttribute] })).ToLowerInvariant()
        pipelineInput  = $pipeline ? "true ($($pipeline -join ', '))" : 'false'
        position       = $Parameter.Position -ge 0 ? [string]$Parameter.Position : 'named'
        aliases        = $Parameter.Aliases ? $Parameter.Aliases -join ', ' : 'none'
    }
    $type = $Parameter.ParameterType
    $element = $type.IsArray ? $type.GetElementType() : $type
    $values = @($element.IsEnum ? [enum]::GetNames($element) : $Parameter.Attributes.Where{ $_ -is [ValidateSet] }.ForEach{ $_.ValidValues })
    Write-Element $Writer 'command:parameter' -Attributes $attributes {
        Write-Element $Writer 'maml:name' $Parameter.Name
        if (-not $IsShort) { Write-Paragraph $Writer 'maml:description' $Description }
        if ($values -and $IsShort) {
            Write-Element $Writer 'command:parameterValueGroup' {
                foreach ($value in $values) { Write-Element $Writer 'command:parameterValue' $value @{ required = 'false'; variableLength = 'false' } }
            }
        }
        elseif ($type -ne [switch]) {
            Write-Element $Writer 'command:parameterValue' (Get-TypeName $type) @{ required = 'true'; variableLength = $attributes.variableLength }
        }
        Write-Element $Writer 'dev:type' { Write-Element $Writer 'maml:name' $type.FullName }
        if (-not $IsShort) { Write-Element $Writer 'dev:defaultValue' ($Default ? $Default : 'None') }
    }
}

function Write-Example([Xml.XmlWriter] $Writer, [string] $Title, [string] $Text) {
    $blocks = @(Split-Block $Text)
    $code = $blocks.Where({ $_.Kind -eq 'powershell' }, 'First')[0]
    Write-Element $Writer 'command:example' {
        Write-Element $Writer 'maml:title' "--------- $(ConvertTo-PlainText $Title) ---------"
        Write-Element $Writer 'dev:code' $code.Text
        Write-Element $Writer 'dev:remarks' {
            foreach ($block in $blocks.Where{ $_ -ne $code }) {
                # a paragraph loses the blanks that it begins with, and so would the first line of a table
                $paragraphs = $block.Kind -eq 'Text' ? @(Get-Paragraph $block.Text) : $block.Kind -eq 'Output' ? "Output:`n`n$($block.Text)`n" : $block.Text
                foreach ($paragraph in $paragraphs) { Write-Element $Writer 'maml:para' $paragraph }
            }

            # a line between this example and the next
            Write-Element $Writer 'maml:para' ''
        }
    }
}

function Write-Command([Xml.XmlWriter] $Writer, [Management.Automation.CmdletInfo] $Command, [string] $Page) {
    $sections = Split-Page $Page 2
    $explained = Split-Page $sections['PARAMETERS'] 3
    Write-Element $Writer 'command:command' {
        Write-Element $Writer 'command:details' {
            Write-Element $Writer 'command:name' $Command.Name
            Write-Paragraph $Writer 'maml:description' $sections['SYNOPSIS']
            Write-Element $Writer 'command:verb' $Command.Verb
            Write-Element $Writer 'command:noun' $Command.Noun
        }
        Write-Paragraph $Writer 'maml:description' $sections['DESCRIPTION']
        Write-Element $Writer 'command:syntax' {
            foreach ($set in $Command.ParameterSets | Sort-Object IsDefault -Descending -Stable) {
                Write-Element $Writer 'command:syntaxItem' {
                    Write-Element $Writer 'maml:name' $Command.Name
                    $order = $set.Parameters.Where{ $_.Name -notin $common } | Sort-Object { $_.Position -ge 0 ? $_.Position : 1000 }, { -not $_.IsMandatory } -Stable
                    foreach ($parameter in $order) { Write-Parameter $Writer $parameter $true }
                }
            }
        }
        Write-Element $Writer 'command:parameters' {
            foreach ($parameter in $Command.Parameters.Values.Where{ $_.Name -notin $common } | Sort-Object Name) {
                $prose = $explained["-$($parameter.Name)"]
                $default = [regex]::Match($prose, '(?m)^DefaultValue: (.*)$').Groups[1].Value.Trim("'", ' ')

                # a parameter may be mandatory in one set and not in another: what the first set that has it says is shown
                $sets = $Command.ParameterSets.ForEach{ $_.Parameters.Where{ $_.Name -eq $parameter.Name } }
                Write-Parameter $Writer $sets[0] $false ($prose -replace '(?s)```yaml.*$') $default
            }
        }
        foreach ($pair in @{ Section = 'INPUTS'; List = 'command:inputTypes'; Item = 'command:inputType' }, @{ Section = 'OUTPUTS'; List = 'command:returnValues'; Item = 'command:returnValue' }) {
            $types = Split-Page $sections[$pair.Section] 3
            Write-Element $Writer $pair.List {
                foreach ($type in $types.Keys) {
                    Write-Element $Writer $pair.Item {
                        Write-Element $Writer 'dev:type' { Write-Element $Writer 'maml:name' $type }
                        Write-Paragraph $Writer 'maml:description' $types[$type]
                    }
                }
            }
        }
        if ($sections['NOTES']) { Write-Element $Writer 'maml:alertSet' { Write-Paragraph $Writer 'maml:alert' $sections['NOTES'] } }
        Write-Element $Writer 'command:examples' {
            $examples = Split-Page $sections['EXAMPLES'] 3
            foreach ($title in $examples.Keys) { Write-Example $Writer $title $examples[$title] }
        }
        Write-Element $Writer 'command:relatedLinks' {
            foreach ($link in [regex]::Matches($sections['RELATED LINKS'], '(?m)^- \[([^\]]+)\]')) {
                Write-Element $Writer 'maml:navigationLink' {
                    Write-Element $Writer 'maml:linkText' $link.Groups[1].Value
                    Write-Element $Writer 'maml:uri' ''
                }
            }
        }
    }
}

# Breaks a paragraph into lines of at most 80 columns behind an indentation; a list's further lines go below its text.
function Format-Line([string] $Text, [int] $Indent) {
    $hanging = $Indent + ($Text -match '^(- |\d+\. )' ? $Matches[1].Length : 0)
    $line = ' ' * $Indent
    $isEmpty = $true
    foreach ($word in $Text -split ' ') {
        if (-not $isEmpty -and $line.Length + 1 + $word.Length -gt 80) {
            $line
            $line = ' ' * $hanging
            $isEmpty = $true
        }
        $line += $isEmpty ? $word : " $word"
        $isEmpty = $false
    }
    $line
}

# A table as columns side by side; what is too wide for the screen stays as wide as it is.
function Format-Columns([string[]] $Rows) {
    $cells = @($Rows.Where{ $_ -notmatch '^\|[\s:|-]+\|$' }.ForEach{ , @(($_.Trim().Trim('|') -split '(?<!\\)\|').ForEach{ (ConvertTo-PlainText $_.Trim()) -replace '\\\|', '|' }) })
    $widths = @(for ($i = 0; $i -lt $cells[0].Count; $i++) { ($cells.ForEach{ $_[$i].Length } | Measure-Object -Maximum).Maximum })
    foreach ($row in $cells) { (@(for ($i = 0; $i -lt $row.Count; $i++) { $row[$i].PadRight($widths[$i]) }) -join '  ').TrimEnd() }
}

function ConvertTo-AboutText([string] $Text, [string] $Topic) {
    $sections = Split-Page $Text 2
    foreach ($heading in $sections.Keys) {
        $heading.ToUpperInvariant()
        foreach ($block in Split-Block $sections[$heading]) {
            if ($block.Kind -ne 'Text') { ($block.Text -split '\n').ForEach{ "        $_".TrimEnd() }; ''; continue }
            foreach ($paragraph in $block.Text -split '\n{2,}') {
                $lines = @($paragraph -split '\n')
                if ($lines[0] -match '^### (.+)$') { "  $(ConvertTo-PlainText $Matches[1])" }
                elseif ($lines[0].StartsWith('|')) { (Format-Columns $lines).ForEach{ "    $_" } }
                elseif ($lines[0] -match '^(- |\d+\. )') { $lines.ForEach{ Format-Line (ConvertTo-PlainText $_) 4 } }
                else { Format-Line (ConvertTo-PlainText ($lines -join ' ')) 4 }
                ''
            }
        }
    }
}

$null = New-Item -ItemType Directory -Force $Destination
$file = Join-Path $Destination "$name.Cmdlets.dll-Help.xml"
$writer = [Xml.XmlWriter]::Create($file, [Xml.XmlWriterSettings]@{ Indent = $true; Encoding = [Text.UTF8Encoding]::new($false); NewLineChars = "`n"; NewLineHandling = 'None' })
try {
    $writer.WriteStartElement('helpItems', 'http://msh')
    $writer.WriteAttributeString('schema', 'maml')
    foreach ($prefix in $namespaces.Keys) { $writer.WriteAttributeString('xmlns', $prefix, $null, $namespaces[$prefix]) }
    foreach ($command in Get-Command -Module $name -CommandType Cmdlet | Sort-Object Name) {
        Write-Command $writer $command (Get-Content -Raw (Join-Path $Pages "$($command.Name).md"))
    }
    $writer.WriteEndElement()
}
finally { $writer.Dispose() }

foreach ($page in Get-ChildItem $Pages -Filter about_*.md) {
    ConvertTo-AboutText (Get-Content -Raw $page) $page.BaseName | Set-Content (Join-Path $Destination "$($page.BaseName).help.txt")
}
